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
	// halfTiers are billed at half of the list's price (OpenAI's price list).
	halfTiers = map[string]bool{"flex": true, "batch": true}
	// tiered are the providers whose service tier changes the price; elsewhere it means speed alone.
	tiered = map[string]bool{"openai": true, "azure.ai.openai": true}
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
	if tiered[c.Provider] && !standardTiers[c.ServiceTier] {
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
	price, found := t.find(c.Provider, model, c.StartNs)
	switch {
	case !found || tier == defaultTier:
		return price, found
	case halfTiers[tier]:
		return price.scaled(billionths/2, false), true
	default:
		return Price{}, false
	}
}
