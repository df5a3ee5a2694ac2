// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"encoding/json"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

var langfuse = vocabulary{
	name: "langfuse",
	operation: func(span ptrace.Span) string {
		return langfuseOperations[textOf(span.Attributes(), "langfuse.observation.type")]
	},
	all: []names{
		{to: sessionID, from: []string{"langfuse.session.id"}},
		{to: userID, from: []string{"langfuse.user.id"}},
	},
	call: []names{
		{to: requestModel, from: []string{"langfuse.observation.model.name"}},
	},
	more: langfuseUsage,
}

// langfuseOperations are by langfuse.observation.type; spans, chains and the like have none.
var langfuseOperations = map[string]string{
	"generation": operationChat,
	"embedding":  operationEmbeddings,
	"agent":      operationAgent,
	"tool":       operationTool,
}

// langfuseUsage reads a JSON of counts: in OpenAI's words, which are inclusive, or in buckets, which
// exclude each other unless their total says otherwise.
func langfuseUsage(span ptrace.Span, c *counts) {
	text := textOf(span.Attributes(), "langfuse.observation.usage_details")
	if text == "" || len(text) > longestMetadata {
		return
	}
	var details map[string]any
	if json.Unmarshal([]byte(text), &details) != nil {
		return
	}
	number := func(names ...string) *float64 {
		for _, name := range names {
			if n, is := details[name].(float64); is {
				return &n
			}
		}
		return nil
	}
	if _, inclusive := details["prompt_tokens"]; !inclusive && !c.input.known {
		c.cache, c.thinking = apart, apart
	}
	c.input.fill(number("input", "prompt_tokens", "input_tokens"))
	c.output.fill(number("output", "completion_tokens", "output_tokens"))
	c.total.fill(number("total", "total_tokens"))
	c.cacheRead.fill(number("input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "cache_read"))
	c.cacheWrite.fill(number("cache_creation_input_tokens", "input_cache_creation", "cache_write"))
	// One bucket, or one for each time that it is kept.
	fiveMinutes, hour := number("input_cache_creation_5m"), number("input_cache_creation_1h")
	c.cacheHour.fill(hour)
	c.cacheWrite.fill(sumOf(fiveMinutes, hour))
	c.reasoning.fill(number("output_reasoning_tokens", "output_reasoning", "reasoning_tokens"))
	for _, nested := range []struct {
		holder, name string
		to           *count
	}{
		{"prompt_tokens_details", "cached_tokens", &c.cacheRead},
		{"completion_tokens_details", "reasoning_tokens", &c.reasoning},
	} {
		holder, _ := details[nested.holder].(map[string]any)
		if n, is := holder[nested.name].(float64); is {
			nested.to.fill(&n)
		}
	}
}

// sumOf what is there; nil where nothing is.
func sumOf(numbers ...*float64) (sum *float64) {
	for _, n := range numbers {
		if n != nil {
			if sum == nil {
				sum = new(float64)
			}
			*sum += *n
		}
	}
	return sum
}
