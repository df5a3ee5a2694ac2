// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// exemplar is a span that is part of a point.
type exemplar struct {
	id    spanID
	at    time.Time
	value amount
	// dropped says that sampling drops the span, so that nobody finds it later.
	dropped bool
}

func (e *exemplar) there() bool { return e.id != spanID{} }

// better prefers spans that are kept, then the newest.
func (e *exemplar) better(than *exemplar) bool {
	if !than.there() || e.dropped != than.dropped {
		return !than.there() || than.dropped
	}
	return !e.at.Before(than.at)
}

// note keeps the exemplar in its bucket if it is the best one; a counter has one bucket.
func note(kept []exemplar, bucket, buckets int, e *exemplar) []exemplar {
	if kept == nil {
		kept = make([]exemplar, buckets)
	}
	if e.better(&kept[bucket]) {
		kept[bucket] = *e
	}
	return kept
}

// putExemplars writes them in the order of the buckets: Prometheus gives each to the first bucket
// that it fits, looking at buckets and exemplars in rising order.
func (m *metric) putExemplars(to pmetric.ExemplarSlice, exemplars []exemplar) {
	for i := range exemplars {
		e := &exemplars[i]
		if !e.there() {
			continue
		}
		one := to.AppendEmpty()
		one.SetTraceID(pcommon.TraceID(e.id[:16]))
		one.SetSpanID(pcommon.SpanID(e.id[16:]))
		one.SetTimestamp(pcommon.NewTimestampFromTime(e.at))
		switch {
		case m.histogram:
			one.SetDoubleValue(e.value.observed)
		case m.integral():
			one.SetIntValue(e.value.count)
		default:
			one.SetDoubleValue(m.scaled(e.value.count))
		}
	}
}
