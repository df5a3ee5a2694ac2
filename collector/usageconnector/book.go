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
	byKey    map[string]*resource
	ordered  []*resource
	overflow *resource
	// seriesOf counts each metric's series over all resources, overflow series apart.
	seriesOf []int
	// overflowOf counts each metric's overflow series, one per resource at most.
	overflowOf []int
	// made undoes, newest last, what find has made since open.
	made []func()
}

// overflowValue is the resource labels' value in the resource that takes what is past resource_limit.
const overflowValue = "otel.overflow"

func newBook(p *plan) book {
	return book{
		plan:       p,
		byKey:      map[string]*resource{},
		seriesOf:   make([]int, len(p.metrics)),
		overflowOf: make([]int, len(p.metrics)),
	}
}

// find gives the series of an addend, made with that start if it is new.
func (k *book) find(resourceKey []byte, a addend, limit limits, start time.Time) (s *series, overflow bool) {
	r, known := k.byKey[string(resourceKey)]
	switch {
	case known:
	case len(k.byKey) < limit.resources:
		r = k.addResource(string(resourceKey))
	default:
		return k.overflowSeries(k.overflowResource(), a.metric, start), true
	}
	t := &r.tables[a.metric.index]
	if s, known := t.byKey[string(a.key)]; known {
		return s, false
	}
	if k.seriesOf[a.metric.index] >= limit.series {
		return k.overflowSeries(r, a.metric, start), true
	}
	return k.addSeries(t, a, start), false
}

func (k *book) addSeries(t *table, a addend, start time.Time) *series {
	s := newSeries(a.metric, decodeLabels(a.metric, a.key), start)
	key, index := string(a.key), a.metric.index
	if t.byKey == nil {
		t.byKey = map[string]*series{}
	}
	t.byKey[key] = s
	t.ordered = append(t.ordered, s)
	k.seriesOf[index]++
	k.made = append(k.made, func() {
		delete(t.byKey, key)
		t.ordered = t.ordered[:len(t.ordered)-1]
		k.seriesOf[index]--
	})
	return s
}

func (k *book) overflowSeries(r *resource, m *metric, start time.Time) *series {
	t := &r.tables[m.index]
	if t.overflow == nil {
		t.overflow = newSeries(m, []pair{{overflowAttribute, "true"}}, start)
		t.ordered = append(t.ordered, t.overflow)
		k.overflowOf[m.index]++
		k.made = append(k.made, func() {
			t.overflow = nil
			t.ordered = t.ordered[:len(t.ordered)-1]
			k.overflowOf[m.index]--
		})
	}
	return t.overflow
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
	r := k.appendResource(attributes)
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
		k.overflow = k.appendResource(attributes)
		k.made = append(k.made, func() { k.overflow = nil })
	}
	return k.overflow
}

func (k *book) appendResource(attributes []pair) *resource {
	r := &resource{attributes: attributes, tables: make([]table, len(k.plan.metrics))}
	k.ordered = append(k.ordered, r)
	k.made = append(k.made, func() { k.ordered = k.ordered[:len(k.ordered)-1] })
	return r
}

// open starts a change that rollBack can undo.
func (k *book) open() { k.made = k.made[:0] }

// rollBack undoes what find has made since open.
func (k *book) rollBack() {
	for _, undo := range slices.Backward(k.made) {
		undo()
	}
	k.made = k.made[:0]
}

// size is the number of all series.
func (k *book) size() int {
	n := 0
	for i := range k.seriesOf {
		n += k.seriesOf[i] + k.overflowOf[i]
	}
	return n
}
