// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"fmt"
	"time"

	"github.com/agentgauge/agentgauge/collector/usageconnector/internal/journal"
)

// restorer brings the ledger to where its journal ends.
type restorer struct {
	ledger     *ledger
	instanceID string
	uptime     time.Duration
	byNumber   map[uint64]*series
}

// restore reads the journal into an empty ledger and goes on writing there. It gives the instance
// id that was kept, or nothing where the journal is new, and the size of the record that was cut
// off because it was only half written.
func (l *ledger) restore(j *journal.Journal) (instanceID string, cut int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.window.segments, l.window.forgot, l.flushed = nil, false, time.Time{}
	r := &restorer{ledger: l, byNumber: map[uint64]*series{}}
	if !j.New() {
		if err := r.checkpoint(j.Summary()); err != nil {
			return "", 0, j.Damaged(err)
		}
	}
	if cut, err = j.Replay(r); err != nil {
		return "", 0, err
	}
	l.window.forgot = l.window.forgot || !j.Whole()
	l.before = r.uptime - l.clock.uptime()
	l.book.open()
	l.journal = j
	// New series begin now, not when the last process flushed, which may be days ago.
	l.flushed = l.nextFlush(l.clock.now())
	return r.instanceID, cut, nil
}

func (r *restorer) checkpoint(summary []byte) error {
	u := &unpacker{rest: summary}
	r.instanceID = u.text()
	r.uptime = u.age()
	r.ledger.flushed = u.time()
	r.ledger.book.last = u.number()
	for range u.count(1) {
		if s := u.series(); !u.failed {
			r.take(s)
		}
	}
	return u.end()
}

func (r *restorer) take(s *series) {
	r.byNumber[s.number] = s
	r.ledger.book.adopt(s)
}

// Chapter begins a segment of ids.
func (r *restorer) Chapter(mark []byte) error {
	u := &unpacker{rest: mark}
	uptime, now := u.age(), u.time()
	if err := u.end(); err != nil {
		return err
	}
	r.ledger.window.open(uptime, now)
	return nil
}

// Record does again what was done when it was written. What the checkpoint covers adds ids only.
func (r *restorer) Record(payload []byte, covered bool) error {
	u := &unpacker{rest: payload}
	kind := u.bytes(1)[0]
	uptime := u.age()
	r.uptime = max(r.uptime, uptime)
	switch kind {
	case recordCommit:
		r.commit(u, uptime, covered)
	case recordFlush:
		if at := u.time(); !covered && !u.failed {
			r.ledger.turnPage(at, uptime, func(*series) {})
		}
	default:
		return fmt.Errorf("it has a record of the unknown kind %d", kind)
	}
	return u.end()
}

func (r *restorer) commit(u *unpacker, uptime time.Duration, covered bool) {
	for range u.count(1) {
		s := u.definition()
		s.start = u.time()
		if u.failed || covered {
			continue
		}
		s.total, s.base = newTally(s.metric), base{at: s.start, total: newTally(s.metric)}
		r.take(s)
	}
	window := r.ledger.window
	for range u.count(len(spanID{})) {
		window.add(spanID(u.bytes(len(spanID{}))), uptime)
	}
	for range u.count(len(spanID{})) {
		window.refresh(spanID(u.bytes(len(spanID{}))), uptime)
	}
	if covered {
		u.rest = nil // it may add to series that were forgotten since
		return
	}
	for range u.count(2) {
		r.add(u, uptime)
	}
}

// add reads what one series adds.
func (r *restorer) add(u *unpacker, uptime time.Duration) {
	s, known := r.byNumber[u.number()]
	if !known {
		u.fail()
		return
	}
	added := u.tally(s.metric)
	if u.failed {
		return
	}
	if s.idle() {
		r.ledger.book.wake(s, r.ledger.flushed)
	}
	s.total.merge(&added)
	s.changed = uptime
}
