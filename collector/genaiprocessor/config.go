// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import "go.opentelemetry.io/collector/component"

// Config of the processor; there is nothing to set yet.
type Config struct{}

var _ component.Config = (*Config)(nil)

func createDefaultConfig() component.Config { return &Config{} }
