// SPDX-License-Identifier: Apache-2.0

// Package metadata holds the component's type, stability and own metrics, as in metadata.yaml.
package metadata

import "go.opentelemetry.io/collector/component"

// ScopeName is the instrumentation scope of everything that the component writes.
const ScopeName = "github.com/agentgauge/agentgauge/collector/usageconnector"

// Type of the component in a Collector's configuration.
var Type = component.MustNewType("usage")

// TracesToMetricsStability is the stability of the one signal pair.
const TracesToMetricsStability = component.StabilityLevelAlpha
