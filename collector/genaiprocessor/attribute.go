// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// reading says how a foreign value becomes the contract's.
type reading int

const (
	asText reading = iota
	asProvider
	asTexts
	asBool
	// asSeconds reads milliseconds.
	asSeconds
)

// apply leaves an attribute that is there.
func (n *names) apply(attributes pcommon.Map) {
	if _, there := attributes.Get(n.to); there {
		return
	}
	for _, from := range n.from {
		if v, there := attributes.Get(from); there && n.as.put(attributes, n.to, v) {
			return
		}
	}
}

// put is false, and changes nothing, where the value is of another type. A map may move its
// values when it grows, so they are read before.
func (r reading) put(attributes pcommon.Map, to string, v pcommon.Value) bool {
	switch {
	case r == asBool && v.Type() == pcommon.ValueTypeBool:
		attributes.PutBool(to, v.Bool())
	case r == asSeconds && isNumber(v) && number(v) >= 0:
		attributes.PutDouble(to, number(v)/1_000)
	case r == asTexts && v.Type() == pcommon.ValueTypeSlice:
		kept := pcommon.NewValueEmpty()
		v.CopyTo(kept)
		kept.CopyTo(attributes.PutEmpty(to))
	case v.Type() != pcommon.ValueTypeStr || v.Str() == "":
		return false
	case r == asText:
		attributes.PutStr(to, v.Str())
	case r == asProvider:
		attributes.PutStr(to, provider(v.Str()))
	case r == asTexts:
		text := v.Str()
		attributes.PutEmptySlice(to).AppendEmpty().SetStr(text)
	default:
		return false
	}
	return true
}

func isNumber(v pcommon.Value) bool {
	return v.Type() == pcommon.ValueTypeInt || (v.Type() == pcommon.ValueTypeDouble && !math.IsNaN(v.Double()))
}

func number(v pcommon.Value) float64 {
	if v.Type() == pcommon.ValueTypeInt {
		return float64(v.Int())
	}
	return v.Double()
}

// textOf is the first text that is there; empty without one.
func textOf(attributes pcommon.Map, names ...string) string {
	for _, name := range names {
		if v, there := attributes.Get(name); there && v.Type() == pcommon.ValueTypeStr && v.Str() != "" {
			return v.Str()
		}
	}
	return ""
}

func has(attributes pcommon.Map, name string) bool {
	_, there := attributes.Get(name)
	return there
}
