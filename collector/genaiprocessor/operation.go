// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// openInferenceOperations tells the operation by openinference.span.kind; chains, retrievers
// and the like have none.
var openInferenceOperations = map[string]string{
	"LLM":       operationChat,
	"EMBEDDING": operationEmbeddings,
	"TOOL":      operationTool,
	"AGENT":     operationAgent,
}

// deriveOperation names the span's operation where it has none but says enough.
func deriveOperation(span ptrace.Span) (derived string) {
	kind, ok := span.Attributes().Get("openinference.span.kind")
	if !ok || kind.Type() != pcommon.ValueTypeStr {
		return ""
	}
	operation := openInferenceOperations[strings.ToUpper(kind.Str())]
	if operation == operationChat && isTextCompletion(span.Attributes()) {
		operation = operationText
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

func isCall(operation string) bool {
	switch operation {
	case operationChat, operationText, operationContent, operationEmbeddings:
		return true
	default:
		return false
	}
}
