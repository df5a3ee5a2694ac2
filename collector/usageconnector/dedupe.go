// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// spanID identifies a span: its trace id, then its own.
type spanID [24]byte

func identify(span ptrace.Span) (id spanID, ok bool) {
	trace, own := span.TraceID(), span.SpanID()
	copy(id[:16], trace[:])
	copy(id[16:], own[:])
	return id, !trace.IsEmpty() && !own.IsEmpty()
}

// idWindow remembers the spans that were counted. The ledger holds its lock around every
// call, and puts the ids of a commit in only together with the commit's sums.
type idWindow interface {
	// meet says whether the id is known, and starts its time anew if so.
	meet(id spanID) bool
	// add remembers a new id.
	add(id spanID)
	// advance forgets what is older than the window; uptime never goes back.
	advance(uptime time.Duration)
	// size is the number of ids remembered.
	size() int
	// shortened is how often the limit on ids made the window shorter than it was set to.
	shortened() int64
}

// windowSegments older segments together span at least the window, so an id is kept for
// between 1 and 1 + 1/windowSegments windows.
const windowSegments = 4

// memoryWindow keeps ids in segments by age; forgetting drops a whole segment.
type memoryWindow struct {
	segments  []map[spanID]struct{} // newest first
	length    time.Duration         // of a segment
	opened    time.Duration         // uptime at which the newest began
	limit     int                   // of a segment's ids
	cutShort  int64
	remembers int
}

func newMemoryWindow(window time.Duration, limit int) *memoryWindow {
	return &memoryWindow{
		segments: []map[spanID]struct{}{{}},
		length:   window / windowSegments,
		limit:    max(1, limit/(windowSegments+1)),
	}
}

func (w *memoryWindow) meet(id spanID) bool {
	for age, segment := range w.segments {
		if _, known := segment[id]; !known {
			continue
		}
		if age > 0 {
			delete(segment, id)
			w.segments[0][id] = struct{}{}
		}
		return true
	}
	return false
}

func (w *memoryWindow) add(id spanID) {
	if len(w.segments[0]) >= w.limit {
		if len(w.segments) > windowSegments {
			w.cutShort++
		}
		w.rotate()
	}
	w.segments[0][id] = struct{}{}
	w.remembers++
}

func (w *memoryWindow) advance(uptime time.Duration) {
	for steps := 0; uptime-w.opened >= w.length; steps++ {
		if steps > windowSegments {
			w.opened = uptime // everything is forgotten already
			return
		}
		w.opened += w.length
		w.rotate()
	}
}

func (w *memoryWindow) rotate() {
	if len(w.segments) > windowSegments {
		w.remembers -= len(w.segments[windowSegments])
		w.segments = w.segments[:windowSegments]
	}
	w.segments = append([]map[spanID]struct{}{{}}, w.segments...)
}

func (w *memoryWindow) size() int { return w.remembers }

func (w *memoryWindow) shortened() int64 { return w.cutShort }
