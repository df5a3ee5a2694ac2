// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"
	"sync"
	"time"
)

// note is what is remembered of a span, so that later requests count no request to a model again.
type note struct {
	role role
	span spanKey
}

type role byte

const (
	// around: inside this span a call counted, so a call here counts no more.
	around role = 'a'
	// itself: on this span a call counted, so a call beneath counts no more.
	itself role = 's'
	// inside: this is a part of a call that counted, so a call beneath counts no more.
	inside role = 'i'
)

// memory holds the notes of what was accepted further on. Two generations bound it in number and time.
type memory struct {
	limit  int
	window time.Duration
	// shortened is told of generations that ended early.
	shortened func()

	mu          sync.Mutex
	now, before map[note]struct{}
	began       time.Time
	// kept is nil where a restart forgets.
	kept *kept
	// open are the notes of requests that are under way, and of how many.
	open map[note]int
}

func newMemory(cfg *MemoryConfig) *memory {
	return &memory{
		limit: cfg.Limit, window: cfg.Window, shortened: func() {},
		now: map[note]struct{}{}, open: map[note]int{}, began: time.Now(),
	}
}

// has is asked under the lock. What is under way counts, too: it is mostly accepted.
func (m *memory) has(n note) bool {
	if _, is := m.now[n]; is {
		return true
	}
	if _, was := m.before[n]; was {
		return true
	}
	return m.open[n] > 0
}

// settle ends a request: what nobody counted is forgotten, so that whoever tells of it again counts.
func (m *memory) settle(notes []note, accepted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range notes {
		if m.open[n]--; m.open[n] <= 0 {
			delete(m.open, n)
		}
		if accepted {
			m.keep(n)
		}
	}
	if m.kept != nil {
		m.kept.write()
	}
}

func (m *memory) keep(n note) {
	if _, known := m.now[n]; known {
		return
	}
	full := len(m.now) >= m.limit
	if full || time.Since(m.began) >= m.window {
		m.before, m.now, m.began = m.now, map[note]struct{}{}, time.Now()
		if full {
			m.shortened()
		}
		if m.kept != nil {
			m.kept.turn()
		}
	}
	m.now[n] = struct{}{}
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
