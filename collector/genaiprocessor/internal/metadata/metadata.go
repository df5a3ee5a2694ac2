// SPDX-License-Identifier: Apache-2.0

// Package metadata holds the component's type and stability, as in metadata.yaml.
package metadata

import "go.opentelemetry.io/collector/component"

// Type of the component in a Collector's configuration.
var Type = component.MustNewType("genai")

// TracesStability is the stability of the one signal.
const TracesStability = component.StabilityLevelAlpha

// ScopeName of the component's own metrics.
const ScopeName = "github.com/agentgauge/agentgauge/collector/genaiprocessor"
