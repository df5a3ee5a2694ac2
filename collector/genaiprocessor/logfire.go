// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import "go.opentelemetry.io/collector/pdata/ptrace"

// logfire is pydantic-ai, too; its counts are inclusive, details name what is inside.
var logfire = vocabulary{
	name: "logfire",
	operation: func(span ptrace.Span) string {
		attributes := span.Attributes()
		if textOf(attributes, "agent_name") != "" && textOf(attributes, requestModel) == "" {
			return operationAgent
		}
		return ""
	},
	all: []names{{to: agentName, from: []string{"agent_name"}}},
	usage: usageNames{
		cacheRead: []string{
			"gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.details.cache_read_input_tokens",
			"gen_ai.usage.details.cached_tokens",
		},
		cacheWrite: []string{
			"gen_ai.usage.details.cache_write_tokens", "gen_ai.usage.details.cache_creation_input_tokens",
		},
		reasoning: []string{"gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.details.thoughts_tokens"},
		audio:     []string{"gen_ai.usage.details.input_audio_tokens", "gen_ai.usage.details.output_audio_tokens"},
	},
}
