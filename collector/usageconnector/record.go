// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"time"

	"github.com/agentgauge/agentgauge/collector/usageconnector/internal/journal"
)

// Kinds of record.
const (
	recordCommit = 1
	recordFlush  = 2
)

// putMark is what a chapter begins with: the uptime and the time of day.
func putMark(uptime time.Duration, now time.Time) []byte { return putTime(putAge(nil, uptime), now) }

// putFlush records a flush, so that no later point is older, whatever the clock does.
func putFlush(frame []byte, at time.Time, uptime time.Duration) []byte {
	frame = append(frame, make([]byte, journal.HeaderSize)...)
	return putTime(putAge(append(frame, recordFlush), uptime), at)
}

// putCommit records a change: new series in words, since a later configuration may have others,
// then the ids, then what each series adds by its number.
func putCommit(frame []byte, c *change, born []*series, uptime time.Duration) []byte {
	frame = append(frame, make([]byte, journal.HeaderSize)...)
	frame = putAge(append(frame, recordCommit), uptime)
	frame = putNumber(frame, len(born))
	for _, s := range born {
		frame = putTime(putDefinition(frame, s), s.start)
	}
	frame = putIDs(putIDs(frame, c.ids), c.refreshed)
	frame = putNumber(frame, len(c.touched))
	for _, s := range c.touched {
		frame = putTally(putNumber(frame, s.number), s.metric, &s.adding)
	}
	return frame
}

func putIDs(frame []byte, ids []spanID) []byte {
	frame = putNumber(frame, len(ids))
	for i := range ids {
		frame = append(frame, ids[i][:]...)
	}
	return frame
}

// putTally writes a counter's sum, or a histogram's sum and those of its buckets that have a count.
func putTally(frame []byte, m *metric, t *tally) []byte {
	if !m.histogram {
		return putNumber(frame, t.sum)
	}
	frame = putNumber(putNumber(frame, t.hist.sum.whole), t.hist.sum.nanos)
	filled := 0
	for _, n := range t.hist.counts {
		if n > 0 {
			filled++
		}
	}
	frame = putNumber(frame, filled)
	for i, n := range t.hist.counts {
		if n > 0 {
			frame = putNumber(putNumber(frame, i), n)
		}
	}
	return frame
}

func (u *unpacker) tally(m *metric) tally {
	t := newTally(m)
	if !m.histogram {
		t.sum = int64(u.number())
		return t
	}
	t.hist.sum = fixedSum{whole: int64(u.number()), nanos: int64(u.number())}
	for range u.count(2) {
		bucket, n := u.number(), u.number()
		if bucket >= uint64(len(t.hist.counts)) {
			u.fail()
			break
		}
		t.hist.counts[bucket] += n
		t.hist.count += n
	}
	return t
}

// putDefinition says which series it is, apart from its numbers.
func putDefinition(b []byte, s *series) []byte {
	b = putSchema(putNumber(b, s.number), s.metric)
	overflow := 0
	if s.resource.overflow {
		overflow = 1
	}
	return putLabels(putLabels(putNumber(b, overflow), s.resource.attributes), s.labels)
}

// definition gives a series that is in no book yet.
func (u *unpacker) definition() *series {
	s := &series{number: u.number(), metric: u.schema()}
	s.resource = &resource{overflow: u.number() == 1, attributes: u.labels()}
	s.labels = u.labels()
	return s
}
