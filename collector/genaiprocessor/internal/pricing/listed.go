// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"encoding/json"
	"fmt"
	"time"
)

// conditional is a price and when it is in force; without one the model has none by token.
type conditional struct {
	price Price
	has   bool
	// from is the first second; daily are seconds of the day (UTC), across midnight too.
	from  int64
	daily *[2]int64
}

const dayS = 86_400

func (c *conditional) holds(atS int64) bool {
	if atS < c.from {
		return false
	}
	if c.daily == nil {
		return true
	}
	start, end, now := c.daily[0], c.daily[1], atS%dayS
	if start <= end {
		return start <= now && now < end
	}
	return now >= start || now < end
}

// fileModel is [id, rule, prices or null].
type fileModel struct {
	id     string
	rule   json.RawMessage
	prices []conditional
}

func (m *fileModel) UnmarshalJSON(data []byte) error {
	var parts [3]json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	var prices []filePrice
	if err := json.Unmarshal(parts[0], &m.id); err != nil {
		return err
	}
	if err := json.Unmarshal(parts[2], &prices); err != nil {
		return fmt.Errorf("%s: %w", m.id, err)
	}
	m.rule = parts[1]
	for _, p := range prices {
		c, err := p.compile()
		if err != nil {
			return fmt.Errorf("%s: %w", m.id, err)
		}
		m.prices = append(m.prices, c)
	}
	return nil
}

type filePrice struct {
	From  string              `json:"from"`
	Daily *[2]int64           `json:"daily_s"`
	Rates map[string]fileRate `json:"rates"`
}

// fileTier are a model's rates in a service tier.
type fileTier struct {
	filePrice
	Tier string `json:"tier"`
}

// fileRate is a number, or [number, [[tokens, number above them], ...]].
type fileRate struct {
	base  int64
	steps [][2]int64
}

func (r *fileRate) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] != '[' {
		return json.Unmarshal(data, &r.base)
	}
	var parts [2]json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return err
	}
	if err := json.Unmarshal(parts[0], &r.base); err != nil {
		return err
	}
	return json.Unmarshal(parts[1], &r.steps)
}

// rateNames gives each rate of the list, and the one that stands in for it, so many times, where it
// has none.
var rateNames = []struct {
	name, instead string
	times         int64
	of            func(*Rates) *int64
}{
	{"input", "", 1, func(r *Rates) *int64 { return &r.Input }},
	{"output", "", 1, func(r *Rates) *int64 { return &r.Output }},
	{"cache_read", "input", 1, func(r *Rates) *int64 { return &r.CacheRead }},
	{"cache_write", "input", 1, func(r *Rates) *int64 { return &r.CacheWrite }},
	// As Claude's price list has it.
	{"cache_write_1h", "input", 2, func(r *Rates) *int64 { return &r.CacheWrite1h }},
	{"reasoning", "output", 1, func(r *Rates) *int64 { return &r.Reasoning }},
	{"request", "", 1, func(r *Rates) *int64 { return &r.Request }},
}

func (p *filePrice) compile() (conditional, error) {
	c := conditional{daily: p.Daily, has: p.Rates != nil}
	if p.From != "" {
		day, err := time.Parse(time.DateOnly, p.From)
		if err != nil {
			return c, err
		}
		c.from = day.Unix()
	}
	for _, n := range rateNames {
		rate, given := p.Rates[n.name]
		times := int64(1)
		if !given {
			rate, times = p.Rates[n.instead], n.times
		}
		*n.of(&c.price.base) = times * rate.base
		for _, step := range rate.steps {
			c.price.tiers = append(c.price.tiers, tier{rate: n.of, start: step[0], pico: times * step[1]})
		}
	}
	return c, nil
}
