// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import "go.opentelemetry.io/collector/component"

// Config of the processor.
type Config struct {
	// DropUnsampled drops spans that say agentgauge.sampled=false: for the pipeline that keeps
	// traces, behind the fork to the usage connector.
	DropUnsampled bool `mapstructure:"drop_unsampled"`
	// Content is what people and models said.
	Content ContentConfig `mapstructure:"content"`
}

// ContentConfig says what happens to prompts, answers, tool arguments and messages of errors.
type ContentConfig struct {
	// Keep leaves content on the spans; otherwise it is removed.
	Keep bool `mapstructure:"keep"`
}

var _ component.Config = (*Config)(nil)

func createDefaultConfig() component.Config { return &Config{} }
