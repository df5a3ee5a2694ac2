// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"math"
	"slices"
)

// putSchema writes what a metric's sums depend on.
func putSchema(b []byte, m *metric) []byte {
	b = appendText(appendText(b, m.name), m.unit)
	histogram := 0
	if m.histogram {
		histogram = 1
	}
	b = putNumber(putNumber(b, histogram), math.Float64bits(m.scale))
	b = putNumber(b, len(m.buckets))
	for _, bound := range m.buckets {
		b = putNumber(b, math.Float64bits(bound))
	}
	return b
}

// schema gives a metric that has nothing else.
func (u *unpacker) schema() *metric {
	m := &metric{name: u.text(), unit: u.text(), histogram: u.number() == 1, scale: math.Float64frombits(u.number())}
	m.buckets = make([]float64, u.count(1))
	for i := range m.buckets {
		m.buckets[i] = math.Float64frombits(u.number())
	}
	return m
}

// adopt gives the series that was written its place in the book. Where the configuration no
// longer has its metric, resource or labels it is parked: kept on disk, not sent.
func (k *book) adopt(s *series) {
	defer func() { k.last = max(k.last, s.number) }()
	s.adding = newTally(s.metric)
	m := k.plan.like(s.metric)
	r := k.resourceLike(s.resource)
	if m == nil || r == nil {
		k.parked = append(k.parked, s)
		return
	}
	t := &r.tables[m.index]
	if slices.Equal(s.labels, []pair{{overflowAttribute, "true"}}) {
		if t.overflow != nil {
			k.parked = append(k.parked, s)
			return
		}
		s.metric, s.resource = m, r
		k.enterOverflow(s)
		return
	}
	key, ok := encodeLabels(m, s.labels)
	older, taken := t.byKey[string(key)]
	if taken && slices.Equal(older.labels, s.labels) {
		// It was made when the older one had been forgotten, which no record says.
		k.leave(older, string(key))
		taken = false
	}
	if !ok || taken {
		k.parked = append(k.parked, s)
		return
	}
	s.metric, s.resource = m, r
	k.enter(s, string(key))
}

// like is the configured metric whose sums mean the same.
func (p *plan) like(old *metric) *metric {
	for _, m := range p.metrics {
		if m.name == old.name && m.unit == old.unit && m.histogram == old.histogram &&
			m.scale == old.scale && slices.Equal(m.buckets, old.buckets) {
			return m
		}
	}
	return nil
}

// resourceLike is the resource of these attributes, made if need be; nil where the configured
// resource labels cannot give them.
func (k *book) resourceLike(old *resource) *resource {
	if old.overflow {
		return k.overflowResource()
	}
	rest := make(map[string]string, len(old.attributes))
	for _, a := range old.attributes {
		rest[a.name] = a.value
	}
	var key []byte
	for _, l := range k.plan.resource {
		key = appendText(key, rest[l.Attribute])
		delete(rest, l.Attribute)
	}
	if len(rest) > 0 {
		return nil
	}
	if r, known := k.byKey[string(key)]; known {
		return r
	}
	return k.addResource(string(key))
}
