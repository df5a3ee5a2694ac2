// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"errors"
	"fmt"
	"strings"

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
}

// ContentConfig says what happens to prompts, answers, tool arguments and messages of errors.
type ContentConfig struct {
	// Keep leaves content on the spans; otherwise it is removed.
	Keep bool `mapstructure:"keep"`
}

var _ component.Config = (*Config)(nil)

func createDefaultConfig() component.Config { return &Config{} }

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
	return errors.Join(errs...)
}
