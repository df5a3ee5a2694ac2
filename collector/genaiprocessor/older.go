// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// olderGenAI are the conventions' own names before they settled, and their neighbours.
var olderGenAI = vocabulary{
	name:      "older_gen_ai",
	operation: olderGenAIOperation,
	call: []names{
		{to: providerName, from: []string{"gen_ai.system"}, as: asProvider},
		{to: finishReasons, from: []string{"gen_ai.response.finish_reason"}, as: asTexts},
		{to: serviceTier, from: []string{"gen_ai.openai.response.service_tier"}},
	},
	usage: usageNames{
		input:      []string{"gen_ai.usage.prompt_tokens"},
		output:     []string{"gen_ai.usage.completion_tokens"},
		cacheRead:  []string{"gen_ai.usage.cache_read_input_tokens"},
		cacheWrite: []string{"gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens"},
		cacheHour:  []string{"anthropic.usage.cache_creation.ephemeral_1h_input_tokens"},
		reasoning:  []string{"gen_ai.usage.reasoning_tokens"},
		total:      []string{"gen_ai.usage.total_tokens", "gen_ai.usage.llm.total_tokens"},
	},
}

// olderGenAIOperation: a span with a provider and the request's model is a call of it. Older
// pydantic-ai agents have totals and no request's model.
func olderGenAIOperation(span ptrace.Span) string {
	attributes := span.Attributes()
	if textOf(attributes, requestModel) != "" && textOf(attributes, "gen_ai.system", providerName) != "" {
		if isEmbedding(span, attributes) {
			return operationEmbeddings
		}
		return operationChat
	}
	if textOf(attributes, toolName) != "" && textOf(attributes, toolCallID) != "" {
		return operationTool
	}
	return ""
}

func isEmbedding(span ptrace.Span, attributes pcommon.Map) bool {
	return strings.Contains(strings.ToLower(span.Name()), "embed") ||
		strings.Contains(textOf(attributes, requestModel), "embedding")
}
