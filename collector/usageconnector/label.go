// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// label is where a label's value comes from.
type label struct {
	slot int
	as   string
	// other stands in for a missing value.
	other string
}

func (p *plan) compileLabels(labels []LabelConfig) []label {
	compiled := make([]label, 0, len(labels))
	for i := range labels {
		l := &labels[i]
		one := label{slot: noSlot, as: l.As, other: cutText(l.Default, p.maxBytes)}
		if l.Attribute != "" {
			one.slot = p.slot(l.Attribute)
		}
		compiled = append(compiled, one)
	}
	return compiled
}

// labelKey holds the values of a label set in order.
func (r *reader) labelKey(index int) []byte {
	if len(r.labels[index]) == 0 {
		key := r.labels[index]
		for i := range r.plan.labelSets[index] {
			l := &r.plan.labelSets[index][i]
			text := r.labelText(l)
			if text == "" {
				text = l.other
			}
			key = appendText(key, cutText(text, r.plan.maxBytes))
		}
		r.labels[index] = key
	}
	return r.labels[index]
}

func (r *reader) labelText(l *label) string {
	if l.as == asEndMonth {
		end := r.now
		if r.span.EndTimestamp() != 0 {
			end = r.span.EndTimestamp().AsTime()
		}
		return end.UTC().Format("200601")
	}
	if l.as == asPositive {
		return r.positiveText(l)
	}
	if !r.present[l.slot] {
		return ""
	}
	text, ok := scalarText(r.slots[l.slot])
	if !ok {
		r.malformed(badType)
	}
	return text
}

func (r *reader) positiveText(l *label) string {
	if r.present[l.slot] {
		n, why := realNumber(r.slots[l.slot])
		if why != fine {
			r.malformed(why)
			return ""
		}
		if n > 0 {
			return "true"
		}
	}
	return "false"
}

// cutText is valid UTF-8 of at most limit bytes. It looks at the first limit bytes only, so
// that a huge attribute costs no more than a small one.
func cutText(text string, limit int) string {
	text = strings.ToValidUTF8(cutAtRune(text, limit), "\uFFFD")
	return cutAtRune(text, limit)
}

// cutAtRune drops a rune that the limit would split.
func cutAtRune(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > 0 && end > limit-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// scalarText is the text of a scalar; ok is false for lists, maps, bytes and empty values.
func scalarText(v pcommon.Value) (text string, ok bool) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return v.Str(), true
	case pcommon.ValueTypeBool:
		return strconv.FormatBool(v.Bool()), true
	case pcommon.ValueTypeInt:
		return strconv.FormatInt(v.Int(), 10), true
	case pcommon.ValueTypeDouble:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64), true
	default:
		return "", false
	}
}

// appendText adds one label value to a series key. An empty value is an absent label, as in
// Prometheus, where {a=""} and {} are one series.
func appendText(key []byte, text string) []byte {
	key = binary.AppendUvarint(key, uint64(len(text)))
	return append(key, text...)
}

// takeText is the reverse of appendText.
func takeText(key []byte) (text string, rest []byte) {
	length, width := binary.Uvarint(key)
	end := width + int(length)
	return string(key[width:end]), key[end:]
}
