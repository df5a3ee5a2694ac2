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

// find is a model of the list, or nil where it is unknown. The provider is a gen_ai.provider.name or an
// id of the list.
func (t *table) find(providerName, modelName string) *model {
	if providerName == "" || modelName == "" || utf8.RuneCountInString(modelName) > longestName {
		return nil
	}
	key := listKey{providerName, modelName}
	t.mu.Lock()
	defer t.mu.Unlock()
	found, there := t.listed[key]
	if !there {
		found = t.search(key)
		if len(t.listed) >= mostListed {
			clear(t.listed)
		}
		t.listed[key] = found
	}
	return found
}

// at is the model's usual price, which changes by date and time of day; false where it is no price by
// token.
func (m *model) at(atNs int64) (Price, bool) {
	var chosen *conditional
	for i := range m.prices {
		// The last whose condition holds counts, the first when none does.
		if i == 0 || m.prices[i].holds(floorDiv(atNs, billionths)) {
			chosen = &m.prices[i]
		}
	}
	if chosen == nil || !chosen.has {
		return Price{}, false
	}
	return chosen.price, true
}

// in is the model's price in a service tier; false where the list has none.
func (m *model) in(tier string, atNs int64) (Price, bool) {
	for i := range m.tiers {
		if t := &m.tiers[i]; t.name == tier && t.holds(floorDiv(atNs, billionths)) {
			return t.price, t.has
		}
	}
	return Price{}, false
}

func (t *table) search(key listKey) *model {
	k, there := t.byName[normal(key.provider)]
	if !there {
		return nil
	}
	owners := append([]*provider{k.provider}, k.provider.fallback...)
	asked := strings.ToLower(key.model)
	for _, name := range []string{asked, dashed(asked)} {
		for _, owner := range owners {
			for i := range owner.models {
				if owner.models[i].rule(name) {
					return &owner.models[i]
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
