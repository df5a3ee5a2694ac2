// SPDX-License-Identifier: Apache-2.0

package usageconnector

import "time"

// checkpoint is everything but the span ids, as it stood after the record of that number.
type checkpoint struct {
	sequence uint64
	summary  []byte
}

// takeCheckpoint copies the state while no commit is under way. It goes with the number of
// chapters whose ids are still remembered.
func (l *ledger) takeCheckpoint(instanceID string) (c checkpoint, segments int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := appendText(nil, instanceID)
	b = putTime(putAge(b, l.uptime()), l.flushed)
	b = putNumber(b, l.book.last)
	all := l.book.every()
	b = putNumber(b, len(all))
	for _, s := range all {
		b = putSeries(b, s)
	}
	return checkpoint{sequence: l.journal.Last(), summary: b}, len(l.window.segments)
}

// every gives all series, sent, idle and parked.
func (k *book) every() []*series {
	all := make([]*series, 0, k.size()+len(k.parked))
	for _, r := range k.ordered {
		for i := range r.tables {
			all = append(all, r.tables[i].ordered...)
		}
	}
	return append(all, k.parked...)
}

func putSeries(b []byte, s *series) []byte {
	b = putTime(putDefinition(b, s), s.start)
	b = putTally(b, s.metric, &s.total)
	b = putAge(b, s.changed)
	b = putMoment(b, s.ended)
	b = putMoment(putTime(b, s.base.at), s.base.until)
	return putTally(b, s.metric, &s.base.total)
}

func (u *unpacker) series() *series {
	s := u.definition()
	s.start = u.time()
	s.total = u.tally(s.metric)
	s.changed = u.age()
	s.ended = u.moment()
	s.base = base{at: u.time(), until: u.moment()}
	s.base.total = u.tally(s.metric)
	return s
}

// putMoment is a time that may be unset.
func putMoment(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return putNumber(b, 0)
	}
	return putTime(putNumber(b, 1), t)
}

func (u *unpacker) moment() time.Time {
	if u.number() == 0 {
		return time.Time{}
	}
	return u.time()
}
