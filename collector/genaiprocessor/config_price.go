// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/pricing"
)

// PriceConfig is a price of the user's own, in the words of agentgauge's price file.
type PriceConfig struct {
	// Provider and Model are names with `*` for anything; all where they are left out.
	Provider string `mapstructure:"provider"`
	Model    string `mapstructure:"model"`
	// ServiceTier is the tier that the entry is for: `default`, or another, or `*`.
	ServiceTier string `mapstructure:"service_tier"`
	// Input, CachedInput, CacheWrite, Output and Reasoning are USD per million tokens.
	Input       *float64 `mapstructure:"input"`
	CachedInput *float64 `mapstructure:"cached_input"`
	CacheWrite  *float64 `mapstructure:"cache_write"`
	Output      *float64 `mapstructure:"output"`
	Reasoning   *float64 `mapstructure:"reasoning"`
	// CacheWrite1h is of what is kept for an hour.
	CacheWrite1h *float64 `mapstructure:"cache_write_1h"`
	// Request is USD a request.
	Request *float64 `mapstructure:"request"`
	// PerHour is USD for an hour of a call's duration.
	PerHour *float64 `mapstructure:"per_hour"`
	// Discount is the part taken off the public list's price.
	Discount *float64 `mapstructure:"discount"`
	// From is the first day, UTC, such as "2026-01-01".
	From string `mapstructure:"from"`
}

const (
	mostUSD      = 1_000_000
	picoInUSD    = 1_000_000_000_000
	picoInMtok   = picoInUSD / 1_000_000
	billionths   = 1_000_000_000
	waysOfAPrice = "input and output (USD per million tokens), per_hour (USD), or discount (0 to 1)"
)

// Validate names the key of a wrong setting.
func (c *PriceConfig) Validate() error {
	_, err := c.compile()
	return err
}

type amount struct {
	key   string
	value *float64
}

func (c *PriceConfig) rates() []amount {
	return []amount{
		{"input", c.Input},
		{"cached_input", c.CachedInput},
		{"cache_write", c.CacheWrite},
		{"cache_write_1h", c.CacheWrite1h},
		{"output", c.Output},
		{"reasoning", c.Reasoning},
		{"request", c.Request},
	}
}

func (c *PriceConfig) check() error {
	byToken := 0
	for _, a := range append(c.rates(), amount{"per_hour", c.PerHour}) {
		if a.value == nil {
			continue
		}
		if !(*a.value >= 0 && *a.value <= mostUSD) {
			return fmt.Errorf("%s: must be USD from 0 to %d, got %v", a.key, mostUSD, *a.value)
		}
		if a.key != "per_hour" {
			byToken = 1
		}
	}
	ways := byToken
	for _, given := range []*float64{c.PerHour, c.Discount} {
		if given != nil {
			ways++
		}
	}
	switch {
	case ways != 1:
		return errors.New("needs one of: " + waysOfAPrice)
	case byToken == 1 && c.Input == nil:
		return errors.New("input: is needed beside the other rates")
	case byToken == 1 && c.Output == nil:
		return errors.New("output: is needed beside the other rates")
	case c.Discount != nil && !(*c.Discount > 0 && *c.Discount <= 1):
		return fmt.Errorf("discount: must be more than 0 and at most 1 (0.15 is 15 %% off), got %v", *c.Discount)
	}
	return nil
}

func (c *PriceConfig) compile() (own pricing.OwnPrice, err error) {
	if err = c.check(); err != nil {
		return own, err
	}
	if own.Provider, err = pricing.Like(orElse(c.Provider, "*")); err != nil {
		return own, fmt.Errorf("provider: %w", err)
	}
	if own.Model, err = pricing.Like(orElse(c.Model, "*")); err != nil {
		return own, fmt.Errorf("model: %w", err)
	}
	own.ServiceTier = orElse(c.ServiceTier, "default")
	if c.From != "" {
		day, err := time.Parse(time.DateOnly, c.From)
		if err != nil {
			return own, fmt.Errorf("from: must be a day such as \"2026-01-01\", got %q", c.From)
		}
		own.FromNs = day.UnixNano()
	}
	switch {
	case c.PerHour != nil:
		own.PerHour = scaled(*c.PerHour, picoInUSD)
	case c.Discount != nil:
		taken := *scaled(*c.Discount, billionths)
		own.Kept = new(int64)
		*own.Kept = billionths - taken
	default:
		write := orRate(c.CacheWrite, c.Input)
		own.Rates = &pricing.Rates{
			Input:        *scaled(*c.Input, picoInMtok),
			CacheRead:    *scaled(*orRate(c.CachedInput, c.Input), picoInMtok),
			CacheWrite:   *scaled(*write, picoInMtok),
			CacheWrite1h: *scaled(*orRate(c.CacheWrite1h, write), picoInMtok),
			Output:       *scaled(*c.Output, picoInMtok),
			Reasoning:    *scaled(*orRate(c.Reasoning, c.Output), picoInMtok),
			Request:      *scaled(*orRate(c.Request, new(float64)), picoInUSD),
		}
	}
	return own, nil
}

func orElse(value, other string) string {
	if value == "" {
		return other
	}
	return value
}

func orRate(value, other *float64) *float64 {
	if value == nil {
		return other
	}
	return value
}

// scaled is the decimal that somebody wrote, times scale, rounded half to even.
func scaled(value float64, scale int64) *int64 {
	written, _ := new(big.Rat).SetString(strconv.FormatFloat(math.Abs(value), 'f', -1, 64))
	written.Mul(written, new(big.Rat).SetInt64(scale))
	whole, left := new(big.Int).QuoRem(written.Num(), written.Denom(), new(big.Int))
	twice := left.Lsh(left, 1).Cmp(written.Denom())
	if twice > 0 || (twice == 0 && whole.Bit(0) == 1) {
		whole.Add(whole, big.NewInt(1))
	}
	out := whole.Int64()
	return &out
}

// list is the price list with the entries of the configuration before it.
func (c *Config) list() (pricing.List, error) {
	var out pricing.List
	for i := range c.Prices {
		own, err := c.Prices[i].compile()
		if err != nil {
			return out, fmt.Errorf("prices::%d: %w", i, err)
		}
		out.Own = append(out.Own, own)
	}
	return out, pricing.Load()
}
