// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"sync"
	"time"

	"github.com/agentgauge/agentgauge/collector/usageconnector/internal/journal"
)

// ledger holds what was counted: the sums of every series and the ids of the spans in them.
// The two change together or not at all, and on disk before in memory.
type ledger struct {
	clock      clock
	interval   time.Duration
	zeroRepeat time.Duration
	idleExpiry time.Duration
	// journal is nil where nothing is kept.
	journal record
	// watch is told of each commit's time on disk.
	watch func(took time.Duration, err error)

	waiting waiting

	mu     sync.Mutex
	window *idWindow
	book   book
	// before is the uptime of earlier processes.
	before time.Duration
	// flushed is the time of the previous flush; timestamps never go back behind it.
	flushed time.Time
	// forgotten is the number of series that were dropped with their sums.
	forgotten int64
	frame     []byte
	change    change
}

// record makes changes durable before the ledger takes them over. After an error of Append it is
// as if nothing had been written, and the ledger stays as it was: the request is sent again.
type record interface {
	Append(frame []byte) error
	Turn(mark []byte) error
	Last() uint64
}

// change is what one commit adds: new span ids, and what they add to which series.
type change struct {
	ids, refreshed []spanID
	fresh          map[spanID]struct{}
	touched        []*series
}

// usualSpans in a commit; what a larger one needed is given back.
const usualSpans = 8_192

// outcome is what one commit did, for the connector's own metrics.
type outcome struct {
	counted, duplicate, late, retry, replay, uncertain, noUsage int64
	malformed                                                   map[reason]int64
	// overflow counts, by metric index, the values that went to an overflow series.
	overflow map[int]int64
}

func newLedger(cfg *Config, p *plan, c clock) *ledger {
	l := &ledger{
		clock:      c,
		interval:   cfg.FlushInterval.Truncate(time.Millisecond),
		zeroRepeat: cfg.ZeroRepeat,
		idleExpiry: cfg.IdleExpiry,
		watch:      func(time.Duration, error) {},
		window:     newWindow(cfg.DedupeWindow, cfg.DedupeLimit),
		book:       newBook(p, limits{series: cfg.SeriesLimit, resources: cfg.ResourceLimit}),
		flushed:    c.now().Truncate(time.Millisecond),
		change:     change{fresh: map[spanID]struct{}{}},
	}
	l.window.open(0, c.now())
	// What an earlier process counted, this one cannot know.
	l.window.forgot = true
	return l
}

func (l *ledger) uptime() time.Duration { return l.before + l.clock.uptime() }

// commitGroup counts the readings of all batches whose span is new, all or none of them. One
// record holds the change, so that a kill leaves the whole or nothing.
func (l *ledger) commitGroup(group []*entry) {
	uptime := l.uptime()
	l.turn(uptime)
	l.book.open()
	c := &l.change
	c.reset()
	for _, e := range group {
		l.prepare(e)
	}
	err := l.write(c, uptime)
	if err != nil {
		l.book.rollBack()
	}
	for _, s := range c.touched {
		s.settle(err == nil, uptime)
	}
	if err != nil {
		for _, e := range group {
			e.done, e.err = outcome{}, &notCounted{spans: len(c.ids), why: err}
		}
		return
	}
	for _, id := range c.ids {
		l.window.add(id, uptime)
	}
	for _, id := range c.refreshed {
		l.window.refresh(id, uptime)
	}
}

func (c *change) reset() {
	c.ids, c.refreshed, c.touched = c.ids[:0], c.refreshed[:0], c.touched[:0]
	if len(c.fresh) > usualSpans {
		c.fresh = map[spanID]struct{}{} // clearing takes as long as the largest group ever was
	}
	clear(c.fresh)
}

// write makes the change durable; there is nothing to write where every span was known.
func (l *ledger) write(c *change, uptime time.Duration) error {
	if l.journal == nil || len(c.ids)+len(c.refreshed) == 0 {
		return nil
	}
	l.frame = putCommit(l.frame[:0], c, l.book.born, uptime)
	began := time.Now()
	err := l.journal.Append(l.frame)
	l.watch(time.Since(began), err)
	return err
}

// turn begins a new segment of ids when it is time, and a chapter of the journal with it. Where
// the disk refuses that, the old ones go on.
func (l *ledger) turn(uptime time.Duration) {
	if !l.window.due(uptime) {
		return
	}
	now := l.clock.now()
	if l.journal != nil {
		if err := l.journal.Turn(putMark(uptime, now)); err != nil {
			l.watch(0, err)
			return
		}
	}
	l.window.open(uptime, now)
}

// beginChapter makes the journal's first chapter, if it has none.
func (l *ledger) beginChapter() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.window.segments) > 0 {
		return nil
	}
	uptime, now := l.uptime(), l.clock.now()
	if err := l.journal.Turn(putMark(uptime, now)); err != nil {
		return err
	}
	l.window.open(uptime, now)
	return nil
}

// segments is the number of segments of ids, each of which has a chapter.
func (l *ledger) segments() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.window.segments)
}

// prepare finds the series of every new reading; a span may be twice in one request, too.
func (l *ledger) prepare(e *entry) {
	b, done, c := e.batch, &e.done, &l.change
	*done = outcome{malformed: b.malformed, overflow: map[int]int64{}}
	for i := range b.readings {
		r := &b.readings[i]
		switch r.mark {
		case retry:
			done.retry++
		case replay:
			done.replay++
			continue
		}
		if _, twice := c.fresh[r.id]; twice {
			done.duplicate++
			continue
		}
		if age, known := l.window.age(r.id); known {
			done.duplicate++
			if age > 0 {
				c.fresh[r.id] = struct{}{}
				c.refreshed = append(c.refreshed, r.id)
			}
			continue
		}
		c.fresh[r.id] = struct{}{}
		c.ids = append(c.ids, r.id)
		adds := b.adds[r.from:r.to]
		if r.uncertain(l.window) {
			done.uncertain++
			adds = b.adds[r.to:r.end]
		} else {
			r.tell(done)
		}
		for j := range adds {
			l.add(&adds[j], b.resources[r.resource], r, done)
		}
	}
}

// tell counts a reading for the connector's own metrics.
func (r *reading) tell(done *outcome) {
	done.counted++
	if r.late {
		done.late++
	}
	if r.noUsage {
		done.noUsage++
	}
}

// add puts one addend into its series, to be settled with the commit.
func (l *ledger) add(a *addend, resource []byte, r *reading, done *outcome) {
	s, overflow := l.book.find(resource, a, l.flushed)
	if overflow {
		done.overflow[a.metric.index]++
	}
	if !s.touched {
		s.touched = true
		l.change.touched = append(l.change.touched, s)
	}
	bucket, why := s.add(a.amount)
	if why != fine {
		done.malformed[why]++
		return
	}
	if l.book.plan.exemplars && (a.amount.count > 0 || a.metric.histogram) {
		e := exemplar{id: r.id, at: r.endedAt, value: a.amount, dropped: r.dropped}
		s.exemplars = note(s.exemplars, bucket, max(1, len(s.total.hist.counts)), &e)
	}
}

var _ record = (*journal.Journal)(nil)
