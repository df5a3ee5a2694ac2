// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// openInference counts are inclusive like the contract's: prompt contains the cached tokens,
// completion the reasoning.
var openInference = vocabulary{
	name:      "openinference",
	operation: openInferenceOperation,
	all: []names{
		{to: agentName, from: []string{"agent.name"}},
		{to: toolName, from: []string{"tool.name"}},
	},
	call: []names{
		{to: requestModel, from: []string{"llm.request.model_name", "llm.model_name", "embedding.model_name"}},
		{to: responseModel, from: []string{"llm.response.model_name", "llm.model_name"}},
		{to: providerName, from: []string{"llm.provider", "llm.system"}, as: asProvider},
	},
	usage: usageNames{
		input:      []string{"llm.token_count.prompt"},
		output:     []string{"llm.token_count.completion"},
		cacheRead:  []string{"llm.token_count.prompt_details.cache_read"},
		cacheWrite: []string{"llm.token_count.prompt_details.cache_write"},
		reasoning:  []string{"llm.token_count.completion_details.reasoning"},
		total:      []string{"llm.token_count.total"},
		audio:      []string{"llm.token_count.prompt_details.audio", "llm.token_count.completion_details.audio"},
	},
}

// openInferenceOperations are by openinference.span.kind; chains, retrievers and the like have none.
var openInferenceOperations = map[string]string{
	"LLM":       operationChat,
	"EMBEDDING": operationEmbeddings,
	"TOOL":      operationTool,
	"AGENT":     operationAgent,
}

func openInferenceOperation(span ptrace.Span) string {
	operation := openInferenceOperations[strings.ToUpper(textOf(span.Attributes(), "openinference.span.kind"))]
	if operation == operationChat && isTextCompletion(span.Attributes()) {
		return operationText
	}
	return operation
}

// isTextCompletion: prompts instead of messages.
func isTextCompletion(attributes pcommon.Map) bool {
	prompts, messages := false, false
	for key := range attributes.All() {
		prompts = prompts || strings.HasPrefix(key, "llm.prompts")
		messages = messages || strings.HasPrefix(key, "llm.input_messages")
	}
	return prompts && !messages
}
