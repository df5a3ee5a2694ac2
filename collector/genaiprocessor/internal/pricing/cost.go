// SPDX-License-Identifier: Apache-2.0

package pricing

import "math/bits"

// Rates are pico-USD (10^-12 USD) a token; Request a request.
//
// CacheWrite1h is of what is kept for an hour.
type Rates struct{ Input, Output, CacheRead, CacheWrite, CacheWrite1h, Reasoning, Request int64 }

// Price of one model at one time.
type Price struct {
	base  Rates
	tiers []tier
	// Own tells a price of the user's from one of the list.
	Own bool
}

// tier is a rate of requests with more input tokens than start.
type tier struct {
	rate  func(*Rates) *int64
	start int64
	pico  int64
}

// Usage of a call in the contract's terms: Input has the cached tokens in it, Output the reasoning,
// CacheWrite what is written for an hour.
type Usage struct{ Input, Output, CacheRead, CacheWrite, CacheWrite1h, Reasoning int64 }

// Cost in nano-USD (10^-9 USD).
type Cost struct{ Input, Output int64 }

// Total of both sides.
func (c Cost) Total() int64 { return c.Input + c.Output }

func (p Price) rates(inputTokens int64) Rates {
	rates := p.base
	for _, t := range p.tiers {
		if inputTokens > t.start {
			*t.rate(&rates) = t.pico
		}
	}
	return rates
}

// Of is what a usage costs, each side rounded half to even once. What cannot be is cut to fit:
// cached to the input, reasoning to the output. It is false for amounts beyond any bill.
func (p Price) Of(u Usage) (Cost, bool) {
	input, output := max(u.Input, 0), max(u.Output, 0)
	read := min(max(u.CacheRead, 0), input)
	write := min(max(u.CacheWrite, 0), input-read)
	hour := min(max(u.CacheWrite1h, 0), write)
	reasoning := min(max(u.Reasoning, 0), output)
	rates := p.rates(input)

	var in, out pico
	in.add(read, rates.CacheRead)
	in.add(write-hour, rates.CacheWrite)
	in.add(hour, rates.CacheWrite1h)
	in.add(input-read-write, rates.Input)
	in.add(1, rates.Request)
	out.add(reasoning, rates.Reasoning)
	out.add(output-reasoning, rates.Output)

	inNano, inFits := in.nano()
	outNano, outFits := out.nano()
	return Cost{Input: inNano, Output: outNano}, inFits && outFits
}

// pico is a sum of pico-USD; a request can pass what 64 bits hold.
type pico struct{ high, low uint64 }

func (p *pico) add(count, rate int64) {
	high, low := bits.Mul64(uint64(count), uint64(rate))
	var carry uint64
	p.low, carry = bits.Add64(p.low, low, 0)
	p.high, _ = bits.Add64(p.high, high, carry)
}

const (
	picoInNano = 1_000
	// mostNano of one side; together they fit the attribute.
	mostNano = 1 << 61
)

func (p pico) nano() (int64, bool) {
	if p.high >= picoInNano {
		return 0, false
	}
	nano, left := bits.Div64(p.high, p.low, picoInNano)
	if left > picoInNano/2 || (left == picoInNano/2 && nano%2 == 1) {
		nano++
	}
	return int64(nano), nano <= mostNano
}

const billionths = 1_000_000_000

// scaled is the price at a part of every rate, each rounded to whole pico-USD.
func (p Price) scaled(kept int64, own bool) Price {
	part := func(rate int64) int64 {
		high, low := bits.Mul64(uint64(rate), uint64(kept))
		low, carry := bits.Add64(low, billionths/2, 0)
		scaled, _ := bits.Div64(high+carry, low, billionths)
		return int64(scaled)
	}
	b := p.base
	out := Price{Own: own, base: Rates{
		part(b.Input), part(b.Output), part(b.CacheRead), part(b.CacheWrite), part(b.CacheWrite1h), part(b.Reasoning), part(b.Request),
	}}
	for _, t := range p.tiers {
		out.tiers = append(out.tiers, tier{rate: t.rate, start: t.start, pico: part(t.pico)})
	}
	return out
}
