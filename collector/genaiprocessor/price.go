// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/pricing"
)

// Values of agentgauge.cost.source.
const (
	pricedHere = "collector"
	unpriced   = "unpriced"
)

// price writes the cost of a call that has none, and tells whether it could. Who serves it is known
// by its host; the instrumentation's word counts where it names no host.
func (p *genaiProcessor) price(span ptrace.Span, c *counts) bool {
	attributes := span.Attributes()
	if has(attributes, costNanousd) {
		return true
	}
	by, told := servedBy(p.hosts, attributes)
	if !told {
		by = provider(textOf(attributes, providerName))
	}
	cost, found := p.costOf(span, c, by)
	if !found {
		attributes.PutStr(costSource, unpriced)
		return false
	}
	attributes.PutInt(costNanousd, cost.Total())
	attributes.PutInt(costInputNanousd, cost.Input)
	attributes.PutInt(costOutputNanousd, cost.Output)
	attributes.PutDouble(costUSD, float64(cost.Total())/billionths)
	attributes.PutStr(costSource, pricedHere)
	return true
}

func (p *genaiProcessor) costOf(span ptrace.Span, c *counts, by string) (pricing.Cost, bool) {
	if !c.known() {
		return pricing.Cost{}, false
	}
	attributes := span.Attributes()
	start, end := int64(span.StartTimestamp()), int64(span.EndTimestamp())
	price, found := p.prices.Price(pricing.Call{
		Provider:      by,
		RequestModel:  textOf(attributes, requestModel),
		ResponseModel: textOf(attributes, responseModel),
		ServiceTier:   textOf(attributes, serviceTier),
		HasAudio:      c.audio,
		StartNs:       start,
		DurationNs:    max(end-start, 0),
	})
	if !found {
		return pricing.Cost{}, false
	}
	return price.Of(pricing.Usage{
		Input: c.input.n, Output: c.output.n, CacheRead: c.cacheRead.n, CacheWrite: c.cacheWrite.n,
		CacheWrite1h: c.cacheHour.n, Reasoning: c.reasoning.n,
	})
}
