// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"slices"
	"time"
)

// book is every series, by resource and metric, in the order in which they came.
// Past a limit it gives out overflow series, so that nothing goes uncounted.
type book struct {
	plan     *plan
	limits   limits
	byKey    map[string]*resource
	ordered  []*resource
	overflow *resource
	// parked series belong to metrics or labels that the configuration no longer has.
	parked []*series
	// seriesOf counts each metric's series that are sent, over all resources, overflow series apart.
	seriesOf []int
	// idleOf counts those that are idle, overflowOf the overflow series, one a resource at most.
	idleOf, overflowOf []int
	// last is the number of the last series that was made.
	last uint64
	// born are the series that find has made since open; made undoes, newest last, what it did.
	born []*series
	made []func()
}

// limits bound the book, for each metric and over all.
type limits struct{ series, resources int }

// overflowValue is the resource labels' value in the resource that takes what is past resource_limit.
const overflowValue = "otel.overflow"

func newBook(p *plan, l limits) book {
	return book{
		plan:       p,
		limits:     l,
		byKey:      map[string]*resource{},
		seriesOf:   make([]int, len(p.metrics)),
		idleOf:     make([]int, len(p.metrics)),
		overflowOf: make([]int, len(p.metrics)),
	}
}

// find gives the series of an addend. It is made, or comes back from idleness, with a base at
// that time, the previous flush's.
func (k *book) find(resourceKey []byte, a *addend, flushed time.Time) (s *series, overflow bool) {
	r, known := k.byKey[string(resourceKey)]
	switch {
	case known:
	case len(k.byKey) < k.limits.resources:
		r = k.addResource(string(resourceKey))
	default:
		return k.overflowSeries(k.overflowResource(), a.metric, flushed), true
	}
	t := &r.tables[a.metric.index]
	s, known = t.byKey[string(a.key)]
	switch {
	case known && !s.idle():
		return s, false
	case k.seriesOf[a.metric.index] >= k.limits.series:
		return k.overflowSeries(r, a.metric, flushed), true
	case known:
		k.wake(s, flushed)
		return s, false
	}
	s = k.newSeries(a.metric, r, decodeLabels(a.metric, a.key), flushed)
	k.enter(s, string(a.key))
	return s, false
}

func (k *book) newSeries(m *metric, r *resource, labels []pair, start time.Time) *series {
	k.last++
	s := &series{
		number:   k.last,
		metric:   m,
		resource: r,
		labels:   labels,
		start:    start,
		total:    newTally(m),
		adding:   newTally(m),
		base:     base{at: start, total: newTally(m)},
	}
	k.born = append(k.born, s)
	k.made = append(k.made, func() {
		k.last--
		k.born = k.born[:len(k.born)-1]
	})
	return s
}

// enter puts a series into its table.
func (k *book) enter(s *series, key string) {
	t, count := &s.resource.tables[s.metric.index], &k.seriesOf[s.metric.index]
	if s.idle() {
		count = &k.idleOf[s.metric.index]
	}
	if t.byKey == nil {
		t.byKey = map[string]*series{}
	}
	t.byKey[key] = s
	t.ordered = append(t.ordered, s)
	*count++
	k.made = append(k.made, func() {
		delete(t.byKey, key)
		t.ordered = t.ordered[:len(t.ordered)-1]
		*count--
	})
}

// leave takes a series out of its table, for good.
func (k *book) leave(s *series, key string) {
	t, index := &s.resource.tables[s.metric.index], s.metric.index
	delete(t.byKey, key)
	t.ordered = slices.DeleteFunc(t.ordered, func(other *series) bool { return other == s })
	if s.idle() {
		k.idleOf[index]--
	} else {
		k.seriesOf[index]--
	}
}

func (k *book) overflowSeries(r *resource, m *metric, start time.Time) *series {
	if r.tables[m.index].overflow == nil {
		k.enterOverflow(k.newSeries(m, r, []pair{{overflowAttribute, "true"}}, start))
	}
	return r.tables[m.index].overflow
}

func (k *book) enterOverflow(s *series) {
	t, index := &s.resource.tables[s.metric.index], s.metric.index
	t.overflow = s
	t.ordered = append(t.ordered, s)
	k.overflowOf[index]++
	k.made = append(k.made, func() {
		t.overflow = nil
		t.ordered = t.ordered[:len(t.ordered)-1]
		k.overflowOf[index]--
	})
}

func (k *book) addResource(key string) *resource {
	attributes := make([]pair, 0, len(k.plan.resource))
	rest := []byte(key)
	for _, l := range k.plan.resource {
		var text string
		if text, rest = takeText(rest); text != "" {
			attributes = append(attributes, pair{l.Attribute, text})
		}
	}
	r := k.appendResource(&resource{attributes: attributes})
	k.byKey[key] = r
	k.made = append(k.made, func() { delete(k.byKey, key) })
	return r
}

func (k *book) overflowResource() *resource {
	if k.overflow == nil {
		attributes := make([]pair, 0, len(k.plan.resource))
		for _, l := range k.plan.resource {
			attributes = append(attributes, pair{l.Attribute, overflowValue})
		}
		k.overflow = k.appendResource(&resource{attributes: attributes, overflow: true})
		k.made = append(k.made, func() { k.overflow = nil })
	}
	return k.overflow
}

func (k *book) appendResource(r *resource) *resource {
	r.tables = make([]table, len(k.plan.metrics))
	k.ordered = append(k.ordered, r)
	k.made = append(k.made, func() { k.ordered = k.ordered[:len(k.ordered)-1] })
	return r
}

// open starts a change that rollBack can undo.
func (k *book) open() { k.made, k.born = k.made[:0], k.born[:0] }

// rollBack undoes what find has made since open.
func (k *book) rollBack() {
	for _, undo := range slices.Backward(k.made) {
		undo()
	}
	k.open()
}

// size is the number of all series that are sent.
func (k *book) size() int {
	n := 0
	for i := range k.seriesOf {
		n += k.seriesOf[i] + k.overflowOf[i]
	}
	return n
}
