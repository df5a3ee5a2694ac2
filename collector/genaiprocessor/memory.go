// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// note is what is remembered of a span, so that later requests count no request to a model again.
type note struct {
	role role
	span spanKey
	// parent of a link, in the same trace.
	parent pcommon.SpanID
}

type role byte

const (
	// around: inside this span a call counted, so a call here counts no more.
	around role = 'a'
	// itself: on this span a call counted, so a call beneath counts no more.
	itself role = 's'
	// inside: this is a part of a call that counted, so a call beneath counts no more.
	inside role = 'i'
	// link: this span leads from one program to another.
	link role = 'l'
)

// generation is what was noted in one stretch of time.
type generation struct {
	notes map[note]struct{}
	links map[spanKey]pcommon.SpanID
}

func newGeneration() generation {
	return generation{map[note]struct{}{}, map[spanKey]pcommon.SpanID{}}
}

func (g *generation) has(n note) bool {
	if n.role == link {
		parent, there := g.links[n.span]
		return there && parent == n.parent
	}
	_, there := g.notes[n]
	return there
}

func (g *generation) add(n note) {
	if n.role == link {
		g.links[n.span] = n.parent
	} else {
		g.notes[n] = struct{}{}
	}
}

func (g *generation) size() int { return len(g.notes) + len(g.links) }

// memory holds the notes of what was accepted further on. Two generations bound it in number and time.
type memory struct {
	limit  int
	window time.Duration
	// shortened is told of generations that ended early.
	shortened func()

	mu          sync.Mutex
	now, before generation
	began       time.Time
	// kept is nil where a restart forgets.
	kept *kept
	// open are the notes of requests that are under way, and of how many.
	open map[note]int
}

func newMemory(cfg *MemoryConfig) *memory {
	return &memory{
		limit: cfg.Limit, window: cfg.Window, shortened: func() {},
		now: newGeneration(), before: newGeneration(), open: map[note]int{}, began: time.Now(),
	}
}

// has is asked under the lock. What is under way counts, too: it is mostly accepted.
func (m *memory) has(n note) bool {
	return m.now.has(n) || m.before.has(n) || m.open[n] > 0
}

// leadsTo gives what a link's parent is.
func (m *memory) leadsTo(from spanKey) (parent spanKey, known bool) {
	for _, g := range []*generation{&m.now, &m.before} {
		if parent, known := g.links[from]; known {
			return spanKey{from.trace, parent}, true
		}
	}
	return parent, false
}

// settle ends a request: what nobody counted is forgotten, so that whoever tells of it again counts.
func (m *memory) settle(notes []note, accepted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range notes {
		if m.open[n]--; m.open[n] <= 0 {
			delete(m.open, n)
		}
		if accepted || n.role == link { // which is so, whoever counts
			m.keep(n)
		}
	}
	if m.kept != nil {
		m.kept.write()
	}
}

func (m *memory) keep(n note) {
	if m.now.has(n) {
		return
	}
	full := m.now.size() >= m.limit
	if full || time.Since(m.began) >= m.window {
		m.before, m.now, m.began = m.now, newGeneration(), time.Now()
		if full {
			m.shortened()
		}
		if m.kept != nil {
			m.kept.turn()
		}
	}
	m.now.add(n)
	if m.kept != nil {
		m.kept.add(n)
	}
}

func (m *memory) close(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		return nil
	}
	k := m.kept
	m.kept = nil
	return k.client.Close(ctx)
}
