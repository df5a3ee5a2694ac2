// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"math/big"
	"regexp"
	"strings"
)

// OwnPrice is one entry of the user's own prices: what it is for, and one of rates, an hourly
// price or a discount.
type OwnPrice struct {
	Provider    *regexp.Regexp
	Model       *regexp.Regexp
	ServiceTier string
	Rates       *Rates
	// PerHour is pico-USD for an hour of a call's duration.
	PerHour *int64
	// Kept is what a discount leaves of the list's price, in billionths.
	Kept   *int64
	FromNs int64
}

func (o *OwnPrice) fits(c Call, model, tier string) bool {
	return c.StartNs >= o.FromNs &&
		(o.ServiceTier == "*" || o.ServiceTier == tier) &&
		o.Provider.MatchString(strings.ToLower(c.Provider)) &&
		o.Model.MatchString(strings.ToLower(model))
}

const hourNs = 3_600_000_000_000

func (o *OwnPrice) price(durationNs int64) (Price, bool) {
	if o.Rates != nil {
		return Price{base: *o.Rates, Own: true}, true
	}
	fee := new(big.Int).Mul(big.NewInt(*o.PerHour), big.NewInt(max(durationNs, 0)))
	fee.Div(fee, big.NewInt(hourNs))
	return Price{base: Rates{Request: fee.Int64()}, Own: true}, fee.IsInt64()
}

// Like compiles a pattern of names: `*` stands for anything, `?` for one character, `[ab]` for
// one of these and `[!ab]` for another than these.
func Like(pattern string) (*regexp.Regexp, error) {
	var b strings.Builder
	rest := strings.ToLower(pattern)
	for rest != "" {
		head := rest[:1]
		switch {
		case head == "*":
			b.WriteString(".*")
		case head == "?":
			b.WriteString(".")
		case head == "[" && classEnd(rest) > 0:
			end := classEnd(rest)
			class := strings.ReplaceAll(rest[1:end], `\`, `\\`)
			class = strings.ReplaceAll(class, "[", `\[`)
			if negated, is := strings.CutPrefix(class, "!"); is {
				class = "^" + negated
			} else if strings.HasPrefix(class, "^") {
				class = `\` + class
			}
			b.WriteString("[" + class + "]")
			head = rest[:end+1]
		default:
			b.WriteString(regexp.QuoteMeta(head))
		}
		rest = rest[len(head):]
	}
	return regexp.Compile("(?s)^(?:" + b.String() + ")$")
}

// classEnd is where the `]` of a class stands; 0 without one.
func classEnd(pattern string) int {
	from := 1
	if strings.HasPrefix(pattern[1:], "!") {
		from = 2
	}
	// A `]` that comes first is one of the characters.
	if from+1 > len(pattern) {
		return 0
	}
	end := strings.Index(pattern[min(from+1, len(pattern)):], "]")
	if end < 0 {
		return 0
	}
	return from + 1 + end
}
