// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config of the processor.
type Config struct {
	// DropUnsampled drops spans that say agentgauge.sampled=false: for the pipeline that keeps
	// traces, behind the fork to the usage connector.
	DropUnsampled bool `mapstructure:"drop_unsampled"`
	// Content is what people and models said.
	Content ContentConfig `mapstructure:"content"`
	// Providers says who serves a host: `host`, `host:port` or `*` to a provider.
	Providers map[string]string `mapstructure:"providers"`
	// Prices of the user's own; the first that fits a call counts.
	Prices []PriceConfig `mapstructure:"prices"`
	// Memory is of spans that told of a request to a model.
	Memory MemoryConfig `mapstructure:"memory"`
}

// MemoryConfig bounds what is remembered so that no request counts on two spans of different batches.
type MemoryConfig struct {
	// Window is how long a span is remembered at least, since it was last of use.
	Window time.Duration `mapstructure:"window"`
	// Limit is the number of notes in each of two generations; one or two a call, one a request by
	// HTTP or RPC.
	Limit int `mapstructure:"limit"`
	// Storage is the extension that keeps it over restarts; none is in memory only.
	Storage *component.ID `mapstructure:"storage"`
}

// ContentConfig says what happens to prompts, answers, tool arguments and messages of errors.
type ContentConfig struct {
	// Keep leaves content on the spans; otherwise it is removed.
	Keep bool `mapstructure:"keep"`
	// Masks are regular expressions of what is hidden in the names of spans and events.
	Masks []string `mapstructure:"masks"`
}

var _ component.Config = (*Config)(nil)

const (
	defaultWindow = 6 * time.Hour
	defaultLimit  = 1 << 18
)

func createDefaultConfig() component.Config {
	return &Config{Memory: MemoryConfig{Window: defaultWindow, Limit: defaultLimit}}
}

// Validate names the key of each wrong setting. The Collector validates the prices itself and
// puts their path before the message.
func (c *Config) Validate() error {
	var errs []error
	for host, provider := range c.Providers {
		if host == "" || strings.ContainsAny(host, "/ \t") {
			errs = append(errs, fmt.Errorf("providers: %q must be host, host:port or *", host))
		}
		if strings.TrimSpace(provider) == "" {
			errs = append(errs, fmt.Errorf("providers::%s: must name a provider", host))
		}
	}
	if _, err := newMasks(c.Content.Masks); err != nil {
		errs = append(errs, err)
	}
	if c.Memory.Window <= 0 {
		errs = append(errs, fmt.Errorf("memory::window: must be above zero, got %v", c.Memory.Window))
	}
	if c.Memory.Limit < 1 {
		errs = append(errs, fmt.Errorf("memory::limit: must be at least 1, got %d", c.Memory.Limit))
	}
	return errors.Join(errs...)
}
