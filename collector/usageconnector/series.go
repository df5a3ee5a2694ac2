// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// series is one label set of one metric under one resource, with its sum since start.
type series struct {
	metric *metric
	labels []pair
	// start is the previous flush's time when the series was made. The zero point carries it
	// as its time, every point as its start timestamp.
	start time.Time
	// zeroUntil is when the zero point is no longer repeated; unset before the first flush.
	zeroUntil time.Time
	sum       int64
	hist      distribution
}

// distribution is a histogram's state.
type distribution struct {
	count  uint64
	sum    fixedSum
	counts []uint64
}

// amount is what one span adds to one series: a counter's integer or a histogram's observation.
type amount struct {
	count    int64
	observed float64
}

func (s *series) add(a amount) reason {
	if s.metric.histogram {
		s.hist.observe(a.observed, s.metric.buckets)
		return fine
	}
	if s.sum > math.MaxInt64-a.count {
		return badSum
	}
	s.sum += a.count
	return fine
}

// observe uses upper bounds that are inclusive, as OTLP defines them.
func (d *distribution) observe(v float64, bounds []float64) {
	d.count++
	d.sum.add(v)
	bucket, _ := slices.BinarySearch(bounds, v)
	d.counts[bucket]++
}

// resource is one OTLP resource: its attributes and a table of series for each metric.
type resource struct {
	attributes []pair
	tables     []table
}

// table holds the series of one metric under one resource, in the order in which they came.
type table struct {
	byKey    map[string]*series
	ordered  []*series
	overflow *series
}

func newSeries(m *metric, labels []pair, start time.Time) *series {
	s := &series{metric: m, labels: labels, start: start}
	if m.histogram {
		s.hist.counts = make([]uint64, len(m.buckets)+1)
	}
	return s
}

// seriesKey is the index of the constant labels, then the values of labelNames.
func seriesKey(arena []byte, constants int, labels []byte) []byte {
	return append(binary.AppendUvarint(arena, uint64(constants)), labels...)
}

// decodeLabels turns a series key back into labels; absent ones are left out.
func decodeLabels(m *metric, key []byte) []pair {
	constants, width := binary.Uvarint(key)
	rest := key[width:]
	labels := make([]pair, 0, len(m.labelNames)+len(m.constants[constants]))
	for _, name := range m.labelNames {
		var text string
		if text, rest = takeText(rest); text != "" {
			labels = append(labels, pair{name, text})
		}
	}
	return append(labels, m.constants[constants]...)
}
