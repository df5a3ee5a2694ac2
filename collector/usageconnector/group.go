// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"fmt"
	"sync"
)

// waiting holds the batches that came while a commit was under way. Whoever gets the ledger
// next commits all of them with one write.
type waiting struct {
	mu      sync.Mutex
	entries []*entry
}

// entry is one request's batch and, once settled, what became of it.
type entry struct {
	batch   *batch
	settled bool
	done    outcome
	err     error
}

// notCounted is the error of a request of which nothing counts until it is sent again.
type notCounted struct {
	spans int
	why   error
}

func (e *notCounted) Error() string { return fmt.Sprintf("committing %d spans: %v", e.spans, e.why) }

func (e *notCounted) Unwrap() error { return e.why }

// NothingCounted tells components upstream, which see this error beside those of other branches.
func (*notCounted) NothingCounted() bool { return true }

func (w *waiting) put(e *entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries = append(w.entries, e)
}

func (w *waiting) take() []*entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.entries
	w.entries = nil
	return taken
}

// commit counts the batch's readings whose span is new, all or none of them. It returns when
// they are durable, or not counted: a span that an earlier, unsettled request has already is
// decided on only after that one, or together with it.
func (l *ledger) commit(b *batch) (outcome, error) {
	if len(b.readings) == 0 {
		return outcome{malformed: b.malformed}, nil
	}
	e := &entry{batch: b}
	l.waiting.put(e)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !e.settled {
		group := l.waiting.take()
		l.commitGroup(group)
		for _, one := range group {
			one.settled = true
		}
	}
	return e.done, e.err
}
