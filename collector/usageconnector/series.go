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
	// number is its name on disk, given in order and never again.
	number   uint64
	metric   *metric
	resource *resource
	labels   []pair
	// start is the previous flush's time when the series was made; every point carries it as
	// its start timestamp.
	start time.Time
	total tally
	// base is the point that goes before the first value: a zero at the start, or the old sum
	// of a series that was idle.
	base base
	// changed is the uptime of its last change.
	changed time.Duration
	// ended is when its stale marker was sent; it is idle and no longer sent since then.
	ended time.Time
	// exemplars of the time since the previous flush: one, or one a bucket.
	exemplars []exemplar
	// adding is what the commit under way adds, touched that it adds something.
	adding  tally
	touched bool
}

// tally is what a series has added up.
type tally struct {
	sum  int64
	hist distribution
}

// base is sent with the first value after it, and repeated until a time that the first flush sets.
type base struct {
	at    time.Time
	total tally
	until time.Time
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

func (s *series) idle() bool { return !s.ended.IsZero() }

func newTally(m *metric) tally {
	if m.histogram {
		return tally{hist: distribution{counts: make([]uint64, len(m.buckets)+1)}}
	}
	return tally{}
}

func (t *tally) clone() tally {
	c := *t
	c.hist.counts = slices.Clone(t.hist.counts)
	return c
}

// add notes what one span adds and gives the bucket; what would overflow is left out.
func (s *series) add(a amount) (bucket int, why reason) {
	if s.metric.histogram {
		if s.total.hist.sum.whole+s.adding.hist.sum.whole > math.MaxInt64-maxValue {
			return 0, badSum
		}
		return s.adding.hist.observe(a.observed, s.metric.buckets), fine
	}
	if s.total.sum+s.adding.sum > math.MaxInt64-a.count {
		return 0, badSum
	}
	s.adding.sum += a.count
	return 0, fine
}

// settle ends the commit under way, for better or worse.
func (s *series) settle(committed bool, uptime time.Duration) {
	if committed {
		s.total.merge(&s.adding)
		s.changed = uptime
	} else {
		s.exemplars = nil // they may be of spans that are not counted
	}
	counts := s.adding.hist.counts
	clear(counts)
	s.adding, s.touched = tally{hist: distribution{counts: counts}}, false
}

// merge adds what add has let through.
func (t *tally) merge(other *tally) {
	t.sum += other.sum
	t.hist.count += other.hist.count
	t.hist.sum.plus(other.hist.sum)
	for i, n := range other.hist.counts {
		t.hist.counts[i] += n
	}
}

// observe uses upper bounds that are inclusive, as OTLP defines them, and gives the bucket.
func (d *distribution) observe(v float64, bounds []float64) int {
	d.count++
	d.sum.add(v)
	bucket, _ := slices.BinarySearch(bounds, v)
	d.counts[bucket]++
	return bucket
}

// resource is one OTLP resource: its attributes and a table of series for each metric.
type resource struct {
	attributes []pair
	overflow   bool
	tables     []table
}

// table holds the series of one metric under one resource, in the order in which they came.
type table struct {
	byKey    map[string]*series
	ordered  []*series
	overflow *series
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

// encodeLabels is the reverse, for labels that were written under a configuration that may have
// been another one; ok is false when this metric cannot have them.
func encodeLabels(m *metric, labels []pair) (key []byte, ok bool) {
	rest := make(map[string]string, len(labels))
	for _, l := range labels {
		rest[l.name] = l.value
	}
	var values []byte
	for _, name := range m.labelNames {
		values = appendText(values, rest[name])
		delete(rest, name)
	}
	for i, constants := range m.constants {
		if len(constants) != len(rest) {
			continue
		}
		if !slices.ContainsFunc(constants, func(p pair) bool { return rest[p.name] != p.value }) {
			return seriesKey(nil, i, values), true
		}
	}
	return nil, false
}
