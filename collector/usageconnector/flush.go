// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
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
	series    *series
	total     tally
	exemplars []exemplar
	// base is sent before it where withBase says so.
	base     base
	withBase bool
	// stale is the marker that a series ends with.
	stale bool
}

// nextFlush is later than the previous one, whatever the clock says, in whole milliseconds, since
// Prometheus keeps no finer ones.
func (l *ledger) nextFlush(now time.Time) time.Time {
	at := now.Truncate(time.Millisecond)
	if least := l.flushed.Add(time.Millisecond); at.Before(least) {
		at = least
	}
	return at
}

// snapshot starts a new flush. Its time is kept on disk before anyone sees it; should that fail,
// only a step back of the clock in a crash could show.
func (l *ledger) snapshot() snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	uptime := l.uptime()
	l.turn(uptime)
	at := l.nextFlush(l.clock.now())
	if l.journal != nil {
		if err := l.journal.Append(putFlush(nil, at, uptime)); err != nil {
			l.watch(0, err)
		}
	}
	taken := snapshot{at: at, points: make([]point, 0, l.book.size())}
	l.turnPage(at, uptime, func(s *series) { taken.points = append(taken.points, s.take(at)) })
	l.forgotten += int64(l.book.forget(uptime, l.idleExpiry))
	return taken
}

// turnPage visits every series that is sent in the flush at that time. Series that have not
// changed for idleExpiry end with it.
func (l *ledger) turnPage(at time.Time, uptime time.Duration, visit func(*series)) {
	l.flushed = at
	for _, r := range l.book.ordered {
		for i := range r.tables {
			for _, s := range r.tables[i].ordered {
				if s.idle() {
					continue
				}
				if s.base.until.IsZero() {
					s.settleBase(at, l.interval)
					s.base.until = at.Add(l.zeroRepeat)
					if !s.base.at.Before(at) {
						// Its stale marker was a millisecond ago; there is no room between, and nothing to repeat.
						s.base.until = s.base.at.Add(-time.Millisecond)
					}
				}
				if l.idleExpiry > 0 && uptime-s.changed >= l.idleExpiry && s != r.tables[i].overflow {
					l.book.end(s, at)
				}
				visit(s)
			}
		}
	}
}

// oldestBase is an age of points that backends still take; a request with older ones is refused.
const oldestBase = 10 * time.Minute

// settleBase decides on a base that was not sent yet. After a long stop or a suspend it is too old
// and goes one interval before the first value.
func (s *series) settleBase(at time.Time, interval time.Duration) {
	if at.Sub(s.base.at) <= oldestBase {
		return
	}
	renewed := at.Add(-min(interval, oldestBase))
	if s.start.Equal(s.base.at) {
		s.start = renewed
	}
	s.base.at = renewed
}

// take copies what the flush at that time sends of the series. The base goes with its first value
// and is repeated, since a backend that refuses one point refuses its whole request.
func (s *series) take(at time.Time) point {
	p := point{series: s, stale: s.idle()}
	if !p.stale {
		p.total, p.base = s.total.clone(), s.base
		p.withBase = !at.After(s.base.until) && s.base.at.Before(at)
		p.exemplars, s.exemplars = s.exemplars, nil
	}
	return p
}

// requests writes a snapshot as OTLP.
func (s snapshot) requests(instanceID string) []request {
	w := writer{instanceID: instanceID}
	for i := range s.points {
		p := &s.points[i]
		w.room(p)
		if p.withBase {
			w.point(&point{series: p.series, total: p.base.total}, p.base.at)
		}
		w.point(p, s.at)
	}
	return w.requests
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
func (w *writer) room(p *point) {
	needed := 1
	if p.withBase {
		needed = 2
	}
	if last := len(w.requests) - 1; last < 0 || w.requests[last].points+needed > pointsPerRequest {
		w.requests = append(w.requests, request{metrics: pmetric.NewMetrics()})
		w.resource, w.metric = nil, nil
	}
	last := &w.requests[len(w.requests)-1]
	last.points += needed
	if w.resource != p.series.resource {
		w.resource, w.metric = p.series.resource, nil
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

func (w *writer) point(p *point, at time.Time) {
	start, stamp := pcommon.NewTimestampFromTime(p.series.start), pcommon.NewTimestampFromTime(at)
	if w.metric.histogram {
		dp := w.histograms.AppendEmpty()
		putPairs(dp.Attributes(), p.series.labels)
		dp.SetStartTimestamp(start)
		dp.SetTimestamp(stamp)
		dp.ExplicitBounds().FromRaw(w.metric.buckets)
		if p.stale {
			// Each bucket is a series of its own in Prometheus, and ends with it.
			dp.BucketCounts().FromRaw(make([]uint64, len(w.metric.buckets)+1))
			dp.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
			return
		}
		dp.SetCount(p.total.hist.count)
		dp.SetSum(p.total.hist.sum.float())
		dp.BucketCounts().FromRaw(p.total.hist.counts)
		w.metric.putExemplars(dp.Exemplars(), p.exemplars)
		return
	}
	dp := w.sums.AppendEmpty()
	putPairs(dp.Attributes(), p.series.labels)
	dp.SetStartTimestamp(start)
	dp.SetTimestamp(stamp)
	switch {
	case p.stale:
		dp.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
		return
	case w.metric.integral():
		dp.SetIntValue(p.total.sum)
	default:
		dp.SetDoubleValue(w.metric.scaled(p.total.sum))
	}
	w.metric.putExemplars(dp.Exemplars(), p.exemplars)
}

func putPairs(attributes pcommon.Map, pairs []pair) {
	attributes.EnsureCapacity(len(pairs))
	for _, p := range pairs {
		attributes.PutStr(p.name, p.value)
	}
}
