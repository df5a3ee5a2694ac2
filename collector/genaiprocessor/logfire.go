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
		cacheHour: []string{"gen_ai.usage.details.ephemeral_1h_input_tokens"},
		reasoning: []string{"gen_ai.usage.details.reasoning_tokens", "gen_ai.usage.details.thoughts_tokens"},
		audio:     []string{"gen_ai.usage.details.input_audio_tokens", "gen_ai.usage.details.output_audio_tokens"},
	},
	more: compacted,
}

// compacted adds what compaction of the history wrote for an hour, which the total has.
func compacted(span ptrace.Span, c *counts) {
	var more count
	more.read(span.Attributes(), "gen_ai.usage.details.compaction_ephemeral_1h_input_tokens")
	if more.n > 0 && !has(span.Attributes(), cacheHourTokens) {
		c.cacheHour = count{c.cacheHour.n + more.n, true}
	}
}
