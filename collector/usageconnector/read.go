// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// lateAfter is the age at which an arriving span counts as late.
const lateAfter = 10 * time.Minute

// batch is what a request's spans add, read without any lock.
type batch struct {
	readings  []reading
	adds      []addend
	resources [][]byte
	spans     int64
	malformed map[reason]int64
	arena     []byte
}

// reading is what one span adds if it turns out to be new: adds[from:to] of its batch, or
// adds[to:end] if nobody can tell whether it is new.
type reading struct {
	id            spanID
	resource      int
	from, to, end int
	late, noUsage bool
	mark          delivery
	firstAt       time.Time
	// endedAt and dropped are for exemplars.
	endedAt time.Time
	dropped bool
}

type addend struct {
	metric *metric
	key    []byte
	amount amount
}

// reader reads spans by the plan. Answers that several metrics share are kept for the span.
type reader struct {
	plan    *plan
	batch   *batch
	now     time.Time
	span    ptrace.Span
	slots   []pcommon.Value
	present []bool
	passes  []answer
	// labels are keys of label sets, empty until asked for.
	labels [][]byte
}

// read measures every span of the request. Whatever is wrong with a value costs that value only.
func (p *plan) read(td ptrace.Traces, now time.Time) *batch {
	b := &batch{malformed: map[reason]int64{}}
	r := &reader{
		plan:    p,
		batch:   b,
		now:     now,
		slots:   make([]pcommon.Value, len(p.slots)),
		present: make([]bool, len(p.slots)),
		passes:  make([]answer, len(p.filters)),
		labels:  make([][]byte, len(p.labelSets)),
	}
	for _, rs := range td.ResourceSpans().All() {
		b.resources = append(b.resources, p.resourceKey(rs.Resource().Attributes()))
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				r.readSpan(span)
			}
		}
	}
	return b
}

// resourceKey holds the values of the resource labels in order.
func (p *plan) resourceKey(attributes pcommon.Map) []byte {
	var key []byte
	for _, l := range p.resource {
		text := ""
		if v, ok := attributes.Get(l.Attribute); ok {
			text, _ = scalarText(v)
		}
		if text == "" {
			text = l.Default
		}
		key = appendText(key, cutText(text, p.maxBytes))
	}
	return key
}

func (r *reader) readSpan(span ptrace.Span) {
	r.batch.spans++
	r.open(span)
	id, identified := identify(span)
	one := reading{id: id, resource: len(r.batch.resources) - 1, from: len(r.batch.adds), late: r.age() > lateAfter}
	one.mark, one.firstAt = r.delivery()
	matched := r.readMetrics(false, identified)
	one.to = len(r.batch.adds)
	if one.mark == retry && r.readMetrics(true, identified) {
		matched = true
	}
	one.end = len(r.batch.adds)
	if !matched {
		return
	}
	if !identified {
		// Nobody can tell whether it was counted before.
		r.malformed(badID)
		return
	}
	one.noUsage = r.plan.withoutUsage != noFilter && r.pass(r.plan.withoutUsage)
	one.endedAt, one.dropped = r.now, r.unsampled()
	if span.EndTimestamp() != 0 {
		one.endedAt = span.EndTimestamp().AsTime()
	}
	r.batch.readings = append(r.batch.readings, one)
}

// readMetrics reads the metrics of certain or of uncertain spans, and says whether there is one.
func (r *reader) readMetrics(uncertain, identified bool) (matched bool) {
	for _, m := range r.plan.metrics {
		if m.uncertain != uncertain || !r.pass(m.filter) {
			continue
		}
		matched = true
		if identified {
			r.readMetric(m)
		}
	}
	return matched
}

// unsampled says that sampling drops the span further on.
func (r *reader) unsampled() bool {
	slot := r.plan.sampled
	return r.present[slot] && r.slots[slot].Type() == pcommon.ValueTypeBool && !r.slots[slot].Bool()
}

// open finds the attributes that the plan asks for, in one pass; of a repeated key the first holds.
func (r *reader) open(span ptrace.Span) {
	r.span = span
	clear(r.present)
	clear(r.passes)
	for i := range r.labels {
		r.labels[i] = r.labels[i][:0]
	}
	for key, v := range span.Attributes().All() {
		if slot, wanted := r.plan.slots[key]; wanted && !r.present[slot] {
			r.slots[slot], r.present[slot] = v, true
		}
	}
}

func (r *reader) malformed(why reason) { r.batch.malformed[why]++ }

// age is the time since the span's end; 0 for a span without one.
func (r *reader) age() time.Duration {
	if r.span.EndTimestamp() == 0 {
		return 0
	}
	return r.now.Sub(r.span.EndTimestamp().AsTime())
}

func (r *reader) readMetric(m *metric) {
	if m.fanOut != nil {
		r.readFanOut(m)
		return
	}
	for _, v := range m.values {
		a, present, why := r.scalar(m, v)
		if why != fine {
			r.malformed(why)
		} else if present {
			r.add(m, v.constants, "", a)
		}
	}
}

// scalar is what one value of one span adds; present is false where the span says nothing.
func (r *reader) scalar(m *metric, v value) (a amount, present bool, why reason) {
	switch {
	case v.duration:
		begin, end := r.span.StartTimestamp(), r.span.EndTimestamp()
		if begin == 0 || end < begin || end-begin > maxValue {
			return a, false, badRange
		}
		return amount{count: int64(end - begin), observed: float64(end-begin) / nanosPerUnit}, true, fine
	case v.slot == noSlot:
		return amount{count: v.constant, observed: float64(v.constant)}, true, fine
	case !r.present[v.slot]:
		return a, false, fine
	case m.histogram && !v.positive:
		a.observed, why = realNumber(r.slots[v.slot])
	default:
		a.count, why = integer(r.slots[v.slot])
	}
	if v.positive && a.count > 0 {
		a = amount{count: 1, observed: 1}
	}
	return a, true, why
}

// add notes one addend; name is the fan-out's label value, and nothing without fan-out.
func (r *reader) add(m *metric, constants int, name string, a amount) {
	from := len(r.batch.arena)
	r.batch.arena = seriesKey(r.batch.arena, constants, r.labelKey(m.labelSet))
	if m.fanOut != nil {
		r.batch.arena = appendText(r.batch.arena, name)
	}
	key := r.batch.arena[from:len(r.batch.arena):len(r.batch.arena)]
	r.batch.adds = append(r.batch.adds, addend{metric: m, key: key, amount: a})
}
