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

// windowSegments older segments together span at least the window, so an id is kept for
// between 1 and 1 + 1/windowSegments windows since it was last met.
const windowSegments = 4

// idWindow remembers the spans that were counted, in segments by age; forgetting drops a whole
// segment. The ledger holds its lock around every call, and puts the ids of a commit in only
// together with the commit's sums.
type idWindow struct {
	segments []*segment // newest first
	window   time.Duration
	limit    int
	ids      int
	cutShort int64
	// forgot says that ids may have been counted before the oldest segment began.
	forgot bool
}

// segment is the ids of one stretch of time.
type segment struct {
	ids map[spanID]struct{}
	// opened is the uptime at which it began, since is the same by the clock.
	opened time.Duration
	since  time.Time
	// last is the uptime at which an id was last put in.
	last time.Duration
}

func newWindow(window time.Duration, limit int) *idWindow {
	return &idWindow{window: window, limit: limit}
}

// age is the index of the segment that has the id; ok is false for a new id.
func (w *idWindow) age(id spanID) (age int, ok bool) {
	for age, s := range w.segments {
		if _, known := s.ids[id]; known {
			return age, true
		}
	}
	return 0, false
}

// add remembers a new id.
func (w *idWindow) add(id spanID, uptime time.Duration) {
	newest := w.segments[0]
	newest.ids[id], newest.last = struct{}{}, uptime
	w.ids++
}

// refresh starts an id's time anew.
func (w *idWindow) refresh(id spanID, uptime time.Duration) {
	if age, known := w.age(id); known {
		delete(w.segments[age].ids, id)
		w.ids--
	}
	w.add(id, uptime)
}

// due says that it is time for a new segment; uptime never goes back.
func (w *idWindow) due(uptime time.Duration) bool {
	if len(w.segments) == 0 {
		return true
	}
	newest := w.segments[0]
	return uptime-newest.opened >= w.window/windowSegments || len(newest.ids) >= w.segmentLimit()
}

func (w *idWindow) segmentLimit() int { return max(1, w.limit/(windowSegments+1)) }

// open begins a segment, and forgets what is older than the window or past the limit.
func (w *idWindow) open(uptime time.Duration, now time.Time) {
	begun := &segment{ids: map[spanID]struct{}{}, opened: uptime, since: now, last: uptime}
	w.segments = append([]*segment{begun}, w.segments...)
	for len(w.segments) > 1 {
		oldest := w.segments[len(w.segments)-1]
		switch {
		case uptime-oldest.last >= w.window:
		case w.ids > w.limit-w.segmentLimit():
			w.cutShort++
		default:
			return
		}
		w.ids -= len(oldest.ids)
		w.segments = w.segments[:len(w.segments)-1]
		w.forgot = true
	}
}

// reaches says whether the window would know a span that was first sent then.
func (w *idWindow) reaches(then time.Time) bool {
	return !w.forgot || !then.Before(w.segments[len(w.segments)-1].since)
}
