// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// pointsPerRequest bounds a request: a backend refuses a request as a whole.
const pointsPerRequest = 1_000

// snapshot is every series at the time of one flush.
type snapshot struct {
	at     time.Time
	points []point
}

type point struct {
	resource *resource
	series   *series
	sum      int64
	hist     distribution
	// withZero says that the series' zero point is sent before it.
	withZero bool
}

// snapshot starts a new flush. Its time is later than the previous one's, whatever the clock
// says, in whole milliseconds, since Prometheus keeps no finer ones. A series' zero point goes
// with its first value and is repeated for zeroRepeat, since a backend that refuses one point
// refuses its whole request.
func (l *ledger) snapshot(now time.Time) snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := now.Truncate(time.Millisecond)
	if least := l.flushed.Add(time.Millisecond); at.Before(least) {
		at = least
	}
	l.flushed = at
	taken := snapshot{at: at, points: make([]point, 0, l.book.size())}
	for _, r := range l.book.ordered {
		for i := range r.tables {
			for _, s := range r.tables[i].ordered {
				if s.zeroUntil.IsZero() {
					s.zeroUntil = at.Add(l.zeroRepeat)
				}
				p := point{resource: r, series: s, sum: s.sum, hist: s.hist, withZero: !at.After(s.zeroUntil)}
				p.hist.counts = slices.Clone(s.hist.counts)
				taken.points = append(taken.points, p)
			}
		}
	}
	return taken
}

// requests writes a snapshot as OTLP.
func (s snapshot) requests(instanceID string) []request {
	w := writer{instanceID: instanceID}
	for _, p := range s.points {
		w.room(p)
		if p.withZero {
			w.point(p.zero(), p.series.start)
		}
		w.point(p, s.at)
	}
	return w.requests
}

// zero is the point that a series begins with, at its start.
func (p point) zero() point {
	p.sum = 0
	p.hist = distribution{counts: make([]uint64, len(p.hist.counts))}
	return p
}

// request is one OTLP request and the number of its points.
type request struct {
	metrics pmetric.Metrics
	points  int
}

// writer appends points; those of one resource and metric must come one after the other.
type writer struct {
	instanceID string
	requests   []request
	resource   *resource
	metric     *metric
	scope      pmetric.ScopeMetrics
	sums       pmetric.NumberDataPointSlice
	histograms pmetric.HistogramDataPointSlice
}

// room opens what the point needs: a request with space for it, its resource, its metric.
func (w *writer) room(p point) {
	needed := 1
	if p.withZero {
		needed = 2
	}
	if last := len(w.requests) - 1; last < 0 || w.requests[last].points+needed > pointsPerRequest {
		w.requests = append(w.requests, request{metrics: pmetric.NewMetrics()})
		w.resource, w.metric = nil, nil
	}
	last := &w.requests[len(w.requests)-1]
	last.points += needed
	if w.resource != p.resource {
		w.resource, w.metric = p.resource, nil
		w.openResource(last.metrics.ResourceMetrics().AppendEmpty())
	}
	if w.metric != p.series.metric {
		w.metric = p.series.metric
		w.openMetric(w.scope.Metrics().AppendEmpty())
	}
}

func (w *writer) openResource(rm pmetric.ResourceMetrics) {
	putPairs(rm.Resource().Attributes(), w.resource.attributes)
	rm.Resource().Attributes().PutStr(instanceAttribute, w.instanceID)
	w.scope = rm.ScopeMetrics().AppendEmpty()
	w.scope.Scope().SetName(scopeName)
}

func (w *writer) openMetric(m pmetric.Metric) {
	m.SetName(w.metric.name)
	m.SetDescription(w.metric.description)
	m.SetUnit(w.metric.unit)
	if w.metric.histogram {
		m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		w.histograms = m.Histogram().DataPoints()
		return
	}
	m.SetEmptySum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	m.Sum().SetIsMonotonic(true)
	w.sums = m.Sum().DataPoints()
}

func (w *writer) point(p point, at time.Time) {
	start, stamp := pcommon.NewTimestampFromTime(p.series.start), pcommon.NewTimestampFromTime(at)
	if w.metric.histogram {
		dp := w.histograms.AppendEmpty()
		putPairs(dp.Attributes(), p.series.labels)
		dp.SetStartTimestamp(start)
		dp.SetTimestamp(stamp)
		dp.SetCount(p.hist.count)
		dp.SetSum(p.hist.sum.float())
		dp.ExplicitBounds().FromRaw(w.metric.buckets)
		dp.BucketCounts().FromRaw(p.hist.counts)
		return
	}
	dp := w.sums.AppendEmpty()
	putPairs(dp.Attributes(), p.series.labels)
	dp.SetStartTimestamp(start)
	dp.SetTimestamp(stamp)
	if w.metric.integral() {
		dp.SetIntValue(p.sum)
		return
	}
	dp.SetDoubleValue(w.metric.scaled(p.sum))
}

func putPairs(attributes pcommon.Map, pairs []pair) {
	attributes.EnsureCapacity(len(pairs))
	for _, p := range pairs {
		attributes.PutStr(p.name, p.value)
	}
}
