// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// fanOut is a list of names; the lists of values run parallel to it.
type fanOut struct {
	slot  int
	limit int
	rest  string
}

func (p *plan) compileFanOut(f *FanOutConfig) *fanOut {
	compiled := &fanOut{slot: p.slot(f.Names), limit: f.Limit, rest: cutText(f.Rest, p.maxBytes)}
	if compiled.limit == 0 {
		compiled.limit = defaultFanOutLimit
	}
	if compiled.rest == "" {
		compiled.rest = defaultFanOutRest
	}
	return compiled
}

// readFanOut adds the entries of each value list under their names.
func (r *reader) readFanOut(m *metric) {
	if !r.present[m.fanOut.slot] {
		return
	}
	if r.slots[m.fanOut.slot].Type() != pcommon.ValueTypeSlice {
		r.malformed(badType)
		return
	}
	names := r.slots[m.fanOut.slot].Slice()
	for _, v := range m.values {
		if v.slot == noSlot {
			r.addList(m, v, names, pcommon.Slice{})
			continue
		}
		if !r.present[v.slot] {
			continue
		}
		if r.slots[v.slot].Type() != pcommon.ValueTypeSlice {
			r.malformed(badType)
			continue
		}
		list := r.slots[v.slot].Slice()
		if list.Len() != names.Len() {
			r.malformed(badLength)
			continue
		}
		r.addList(m, v, names, list)
	}
}

// addList adds one list. Zeros make no series, since lists say 0 for most names; entries past
// the limit share one name, so a list of any length makes a bounded number of series.
func (r *reader) addList(m *metric, v value, names, list pcommon.Slice) {
	var rest int64
	for i := range names.Len() {
		n, why := v.constant, fine
		if v.slot != noSlot {
			n, why = integer(list.At(i))
		}
		if names.At(i).Type() != pcommon.ValueTypeStr || names.At(i).Str() == "" {
			why = badType
		}
		if why == fine && rest > math.MaxInt64-n {
			why = badSum
		}
		if why != fine {
			r.malformed(why)
			continue
		}
		if v.positive && n > 0 {
			n = 1
		}
		switch {
		case n == 0:
		case i < m.fanOut.limit:
			r.add(m, v.constants, cutText(names.At(i).Str(), r.plan.maxBytes), amount{count: n})
		default:
			rest += n
		}
	}
	if rest > 0 {
		r.add(m, v.constants, m.fanOut.rest, amount{count: rest})
	}
}
