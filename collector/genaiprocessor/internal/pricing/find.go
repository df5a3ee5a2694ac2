// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	longestName = 256
	mostListed  = 4_096
)

type listKey struct{ provider, model string }

var compactDate = regexp.MustCompile(`^-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[-:]|$)`)

const compactDateLength = len("-20250101")

// dashed writes -20250101 as -2025-01-01, as the list has it.
func dashed(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); {
		found := compactDate.FindStringSubmatch(name[i:])
		if found == nil {
			b.WriteByte(name[i])
			i++
			continue
		}
		b.WriteString("-" + found[1] + "-" + found[2] + "-" + found[3])
		i += compactDateLength
	}
	return b.String()
}

// find is the list's price of a model, or false where it is unknown or no price by token. The
// provider is a gen_ai.provider.name or an id of the list; prices change by date and time of day.
func (t *table) find(providerName, modelName string, atNs int64) (Price, bool) {
	if providerName == "" || modelName == "" || utf8.RuneCountInString(modelName) > longestName {
		return Price{}, false
	}
	var chosen *conditional
	prices := t.of(listKey{providerName, modelName})
	for i := range prices {
		// The last whose condition holds counts, the first when none does.
		if i == 0 || prices[i].holds(floorDiv(atNs, billionths)) {
			chosen = &prices[i]
		}
	}
	if chosen == nil || !chosen.has {
		return Price{}, false
	}
	return chosen.price, true
}

func (t *table) of(key listKey) []conditional {
	t.mu.Lock()
	defer t.mu.Unlock()
	prices, there := t.listed[key]
	if !there {
		prices = t.search(key)
		if len(t.listed) >= mostListed {
			clear(t.listed)
		}
		t.listed[key] = prices
	}
	return prices
}

func (t *table) search(key listKey) []conditional {
	k, there := t.byName[normal(key.provider)]
	if !there {
		return nil
	}
	owners := append([]*provider{k.provider}, k.provider.fallback...)
	asked := strings.ToLower(key.model)
	for _, name := range []string{asked, dashed(asked)} {
		for _, owner := range owners {
			for _, m := range owner.models {
				if m.rule(name) {
					return m.prices
				}
			}
		}
	}
	return nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

var separators = regexp.MustCompile(`[-_.\s]+`)

// normal is a provider's name for comparison.
func normal(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") == "" {
		return name
	}
	return separators.ReplaceAllString(strings.ToLower(strings.TrimSpace(name)), "-")
}
