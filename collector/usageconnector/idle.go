// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"cmp"
	"slices"
	"time"
)

// end makes a series idle: a stale marker goes out at that time, and its sum waits.
// Overflow series never end.
func (k *book) end(s *series, at time.Time) {
	s.ended, s.exemplars = at, nil
	k.seriesOf[s.metric.index]--
	k.idleOf[s.metric.index]++
}

// wake brings an idle series back. Its old sum goes before its new one, at the time of the
// previous flush, but after the stale marker, so that an increase begins from it.
func (k *book) wake(s *series, flushed time.Time) {
	ended, old, index := s.ended, s.base, s.metric.index
	at := flushed
	if !at.After(ended) {
		at = ended.Add(time.Millisecond)
	}
	s.ended, s.base = time.Time{}, base{at: at, total: s.total.clone()}
	if s.parked() {
		return
	}
	k.seriesOf[index]++
	k.idleOf[index]--
	k.made = append(k.made, func() {
		s.ended, s.base = ended, old
		k.seriesOf[index]--
		k.idleOf[index]++
	})
}

// parked says that the series has no place in the configuration, and is counted nowhere.
func (s *series) parked() bool { return s.resource.tables == nil }

// forget drops what has been idle longest where a metric has more idle series than series_limit,
// and parked series that have not changed for idle. It gives the number of series dropped.
func (k *book) forget(uptime, idle time.Duration) int {
	before := len(k.parked)
	k.parked = slices.DeleteFunc(k.parked, func(s *series) bool { return idle > 0 && uptime-s.changed >= idle })
	dropped := before - len(k.parked)
	for index, n := range k.idleOf {
		if surplus := n - k.limits.series; surplus > 0 {
			k.forgetIdle(index, surplus)
			dropped += surplus
		}
	}
	return dropped
}

func (k *book) forgetIdle(index, surplus int) {
	type place struct {
		table *table
		key   string
		s     *series
	}
	var idle []place
	for _, r := range k.ordered {
		t := &r.tables[index]
		for key, s := range t.byKey {
			if s.idle() {
				idle = append(idle, place{t, key, s})
			}
		}
	}
	slices.SortFunc(idle, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.s.changed, b.s.changed), cmp.Compare(a.s.number, b.s.number))
	})
	gone := make(map[*series]bool, surplus)
	for _, p := range idle[:surplus] {
		delete(p.table.byKey, p.key)
		gone[p.s] = true
	}
	for _, r := range k.ordered {
		t := &r.tables[index]
		t.ordered = slices.DeleteFunc(t.ordered, func(s *series) bool { return gone[s] })
	}
	k.idleOf[index] -= surplus
}
