// SPDX-License-Identifier: Apache-2.0

package pricing

// Call is what decides the price of one.
type Call struct {
	// Provider is a gen_ai.provider.name; without one only prices of the user's own fit.
	Provider      string
	ResponseModel string
	RequestModel  string
	// ServiceTier is what the server said that it served the request in.
	ServiceTier string
	// HasAudio: the list's rates are those of text.
	HasAudio   bool
	StartNs    int64
	DurationNs int64
}

// List prices calls: by the user's own prices, then by the public list.
type List struct{ Own []OwnPrice }

const defaultTier = "default"

var (
	standardTiers = map[string]bool{"": true, defaultTier: true, "auto": true, "standard": true}
	// halfTiers of a provider are billed at half of the list's price, where it has no rates of the tier.
	// In the tiers of other providers the word means speed alone.
	halfTiers = map[string]map[string]bool{
		"openai":          {"flex": true, "batch": true},
		"azure.ai.openai": {"flex": true, "batch": true},
		"anthropic":       {"batch": true},
		"mistral_ai":      {"batch": true},
	}
)

// Price of the model that answered, or else of the one that was asked.
func (l List) Price(c Call) (Price, bool) {
	for _, model := range []string{c.ResponseModel, c.RequestModel} {
		if model == "" {
			continue
		}
		if price, found := l.price(c, model); found {
			return price, true
		}
	}
	return Price{}, false
}

func (l List) price(c Call, model string) (Price, bool) {
	tier := defaultTier
	if _, matters := halfTiers[c.Provider]; matters && !standardTiers[c.ServiceTier] {
		tier = c.ServiceTier
	}
	listed, found := l.listed(c, model, tier)
	for _, own := range l.Own {
		if !own.fits(c, model, tier) {
			continue
		}
		if own.Kept != nil {
			return listed.scaled(*own.Kept, true), found
		}
		return own.price(c.DurationNs)
	}
	if c.HasAudio {
		return Price{}, false
	}
	return listed, found
}

func (l List) listed(c Call, model, tier string) (Price, bool) {
	t, err := list()
	if err != nil {
		return Price{}, false
	}
	m := t.find(c.Provider, model)
	if m == nil {
		return Price{}, false
	}
	price, found := m.at(c.StartNs)
	if !found || tier == defaultTier {
		return price, found
	}
	if tiered, listed := m.in(tier, c.StartNs); listed {
		return tiered, true
	}
	if halfTiers[c.Provider][tier] {
		return price.scaled(billionths/2, false), true
	}
	return Price{}, false
}
