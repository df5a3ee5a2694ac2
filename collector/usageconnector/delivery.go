// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// delivery is what the sender says of a span's earlier sends.
type delivery uint8

const (
	// first, also where the sender says nothing.
	first delivery = iota
	// retry was sent before and nobody answered: it may have been counted.
	retry
	// replay was acknowledged before: it was counted.
	replay
)

// delivery reads the mark, and the time of the first send: as the sender says, or else the
// span's end, since nothing is sent before that.
func (r *reader) delivery() (mark delivery, firstAt time.Time) {
	if slot := r.plan.mark; r.present[slot] && r.slots[slot].Type() == pcommon.ValueTypeStr {
		switch r.slots[slot].Str() {
		case "retry":
			mark = retry
		case "replay":
			return replay, firstAt
		}
	}
	if mark == first {
		return mark, firstAt
	}
	firstAt = r.span.EndTimestamp().AsTime()
	if slot := r.plan.firstAt; r.present[slot] {
		seconds, why := integer(r.slots[slot])
		if why != fine {
			r.malformed(why)
			return mark, firstAt
		}
		firstAt = time.Unix(seconds, 0)
	}
	return mark, firstAt
}

// uncertain says that a new id may yet have been counted before: it was sent before the window
// begins, and its answer was lost.
func (r *reading) uncertain(w *idWindow) bool {
	return r.mark == retry && !w.reaches(r.firstAt)
}
