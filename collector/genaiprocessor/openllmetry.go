// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import "go.opentelemetry.io/collector/pdata/ptrace"

// openLLMetry counts are inclusive: its Anthropic instrumentation adds the cached tokens itself.
var openLLMetry = vocabulary{
	name:      "openllmetry",
	operation: openLLMetryOperation,
	all: []names{
		{to: workflowName, from: []string{"traceloop.workflow.name"}},
		{to: sessionID, from: []string{"traceloop.association.properties.session_id"}},
		{to: userID, from: []string{"traceloop.association.properties.user_id"}},
		{to: conversationID, from: []string{
			"traceloop.association.properties.conversation_id", "traceloop.association.properties.thread_id",
		}},
	},
	call: []names{
		{to: requestModel, from: []string{"llm.request.model"}},
		{to: responseModel, from: []string{"llm.response.model"}},
		{to: providerName, from: []string{"llm.vendor"}, as: asProvider},
		{to: finishReasons, from: []string{"llm.response.finish_reason", "llm.response.stop_reason"}, as: asTexts},
		{to: requestStream, from: []string{"llm.is_streaming", "gen_ai.is_streaming"}, as: asBool},
	},
	usage: usageNames{
		input:      []string{"llm.usage.prompt_tokens"},
		output:     []string{"llm.usage.completion_tokens"},
		cacheRead:  []string{"llm.usage.cache_read_input_tokens"},
		cacheWrite: []string{"llm.usage.cache_creation_input_tokens"},
		reasoning:  []string{"llm.usage.reasoning_tokens"},
		total:      []string{"llm.usage.total_tokens"},
	},
}

var openLLMetryRequests = map[string]string{
	"chat":       operationChat,
	"completion": operationText,
	"embedding":  operationEmbeddings,
}

// openLLMetryScopes are by traceloop.span.kind; a task has no operation.
var openLLMetryScopes = map[string]string{
	"workflow": operationWorkflow,
	"agent":    operationAgent,
	"tool":     operationTool,
}

func openLLMetryOperation(span ptrace.Span) string {
	if operation := openLLMetryRequests[textOf(span.Attributes(), "llm.request.type")]; operation != "" {
		return operation
	}
	return openLLMetryScopes[textOf(span.Attributes(), "traceloop.span.kind")]
}
