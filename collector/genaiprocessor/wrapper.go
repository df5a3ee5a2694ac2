// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"sync"
	"time"
)

const (
	mostWrappers  = 1 << 16
	wrapperMemory = 10 * time.Minute
)

// wrappers remembers the spans around calls that counted: these end, and so are sent, after them,
// often in a later request. Two generations bound it in number and time.
type wrappers struct {
	mu          sync.Mutex
	now, before map[spanKey]struct{}
	began       time.Time
}

func newWrappers() *wrappers {
	return &wrappers{now: map[spanKey]struct{}{}, began: time.Now()}
}

// join marks the calls of a batch around ones of earlier batches, and remembers what is around its
// own.
func (w *wrappers) join(f family) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range f {
		if (f.isRequest(i) && f.usesTokens(i) && !f[i].elsewhere) || w.has(f[i].key()) {
			w.climb(f, i)
		}
	}
}

// climb goes up to the first agent, tool or workflow, or to where the batch ends.
func (w *wrappers) climb(f family, i int) {
	m := &f[i]
	remembered := w.has(m.key())
	for range farthest {
		if isScope(m.operation) {
			return
		}
		if isCall(m.operation) && !m.done && (remembered || m != &f[i]) {
			m.elsewhere = true
		}
		if m.parent == noParent {
			break
		}
		m = &f[m.parent]
	}
	if parent := m.span.ParentSpanID(); m.parent == noParent && !parent.IsEmpty() {
		w.remember(spanKey{m.span.TraceID(), parent})
	}
}

func (w *wrappers) has(key spanKey) bool {
	_, now := w.now[key]
	_, before := w.before[key]
	return now || before
}

func (w *wrappers) remember(key spanKey) {
	if len(w.now) >= mostWrappers || time.Since(w.began) > wrapperMemory {
		w.before, w.now, w.began = w.now, map[spanKey]struct{}{}, time.Now()
	}
	w.now[key] = struct{}{}
}

func (m *member) key() spanKey { return spanKey{m.span.TraceID(), m.span.SpanID()} }
