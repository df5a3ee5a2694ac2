// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// reason says why a value could not be counted.
type reason string

const (
	fine     reason = ""
	badID    reason = "id"
	badType  reason = "type"
	badRange reason = "range"
	// badLength is a list that is not as long as its list of names.
	badLength reason = "length"
	// badSum is a value that would overflow its series.
	badSum reason = "overflow"
)

// maxValue bounds one value, so that a corrupt one cannot overflow a sum; it is also the
// largest range in which a double holds every integer.
const maxValue = 1 << 53

// integer reads what a counter adds. Some languages have no integers, so a whole double will do.
func integer(v pcommon.Value) (int64, reason) {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		if v.Int() < 0 || v.Int() > maxValue {
			return 0, badRange
		}
		return v.Int(), fine
	case pcommon.ValueTypeDouble:
		d := v.Double()
		if math.IsNaN(d) || d < 0 || d > maxValue {
			return 0, badRange
		}
		if d != math.Trunc(d) {
			return 0, badType
		}
		return int64(d), fine
	default:
		return 0, badType
	}
}

// realNumber reads what a histogram observes.
func realNumber(v pcommon.Value) (float64, reason) {
	var d float64
	switch v.Type() {
	case pcommon.ValueTypeInt:
		d = float64(v.Int())
	case pcommon.ValueTypeDouble:
		d = v.Double()
	default:
		return 0, badType
	}
	if math.IsNaN(d) || d < 0 || d > maxValue {
		return 0, badRange
	}
	return d, fine
}

// fixedSum adds doubles as whole units and billionths, so that the order in which spans
// arrive cannot change a histogram's sum.
type fixedSum struct{ whole, nanos int64 }

const nanosPerUnit = 1_000_000_000

func (s *fixedSum) add(v float64) {
	whole := math.Floor(v)
	s.plus(fixedSum{int64(whole), int64(math.Round((v - whole) * nanosPerUnit))})
}

func (s *fixedSum) plus(other fixedSum) {
	s.whole += other.whole
	s.nanos += other.nanos
	s.whole += s.nanos / nanosPerUnit
	s.nanos %= nanosPerUnit
}

func (s fixedSum) float() float64 {
	return float64(s.whole) + float64(s.nanos)/nanosPerUnit
}
