// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// ledger holds what was counted: the sums of every series and the ids of the spans in them.
// The two change together or not at all.
type ledger struct {
	limits     limits
	zeroRepeat time.Duration
	journal    journal

	mu     sync.Mutex
	window idWindow
	book   book
	// flushed is the time of the previous flush; timestamps never go back behind it.
	flushed time.Time
}

type limits struct{ series, resources int }

// journal makes a change durable before the ledger takes it over. An error leaves the
// ledger as it was, and the request is sent again.
type journal interface {
	record(ctx context.Context, c *change) error
}

// noJournal keeps nothing: sums and ids live as long as the process.
type noJournal struct{}

func (noJournal) record(context.Context, *change) error { return nil }

// change is what one commit adds: new span ids, and what they add to which series.
type change struct {
	ids   []spanID
	posts []post
}

type post struct {
	series *series
	amount amount
}

// outcome is what one commit did, for the connector's own metrics.
type outcome struct {
	counted, duplicate, late int64
	malformed                map[reason]int64
	// overflow counts, by metric index, the values that went to an overflow series.
	overflow map[int]int64
}

func newLedger(cfg *Config, p *plan, now time.Time) *ledger {
	return &ledger{
		zeroRepeat: cfg.ZeroRepeat,
		limits:     limits{series: cfg.SeriesLimit, resources: cfg.ResourceLimit},
		journal:    noJournal{},
		window:     newMemoryWindow(cfg.DedupeWindow, cfg.DedupeLimit),
		book:       newBook(p),
		flushed:    now.Truncate(time.Millisecond),
	}
}

// commit counts the batch's readings whose span is new, all or none of them.
func (l *ledger) commit(ctx context.Context, b *batch, uptime time.Duration) (outcome, error) {
	done := outcome{malformed: b.malformed, overflow: map[int]int64{}}
	if len(b.readings) == 0 {
		return done, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.window.advance(uptime)
	l.book.open()
	c := l.prepare(b, &done)
	if err := l.journal.record(ctx, c); err != nil {
		l.book.rollBack()
		return outcome{}, fmt.Errorf("committing %d spans: %w", len(c.ids), err)
	}
	for _, id := range c.ids {
		l.window.add(id)
	}
	for _, p := range c.posts {
		if why := p.series.add(p.amount); why != fine {
			done.malformed[why]++
		}
	}
	return done, nil
}

// prepare finds the series of every new reading; a span may be twice in one request, too.
func (l *ledger) prepare(b *batch, done *outcome) *change {
	c := &change{
		ids:   make([]spanID, 0, len(b.readings)),
		posts: make([]post, 0, len(b.adds)),
	}
	fresh := make(map[spanID]struct{}, len(b.readings))
	for _, r := range b.readings {
		if _, twice := fresh[r.id]; twice || l.window.meet(r.id) {
			done.duplicate++
			continue
		}
		fresh[r.id] = struct{}{}
		c.ids = append(c.ids, r.id)
		done.counted++
		if r.late {
			done.late++
		}
		for _, a := range b.adds[r.from:r.to] {
			s, overflow := l.book.find(b.resources[r.resource], a, l.limits, l.flushed)
			if overflow {
				done.overflow[a.metric.index]++
			}
			c.posts = append(c.posts, post{series: s, amount: a.amount})
		}
	}
	return c
}
