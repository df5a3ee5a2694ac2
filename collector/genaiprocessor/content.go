// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// contentNames are attributes that hold what people and models said, of any instrumentation.
var contentNames = map[string]bool{
	"ai.documents":                        true,
	"ai.embedding":                        true,
	"ai.embeddings":                       true,
	"ai.prompt":                           true,
	"ai.response.object":                  true,
	"ai.response.providerMetadata":        true,
	"ai.response.reasoning":               true,
	"ai.response.text":                    true,
	"ai.response.toolCalls":               true,
	"ai.result.object":                    true,
	"ai.result.text":                      true,
	"ai.result.toolCalls":                 true,
	"ai.schema":                           true,
	"ai.toolCall.args":                    true,
	"ai.toolCall.input":                   true,
	"ai.toolCall.output":                  true,
	"ai.toolCall.result":                  true,
	"ai.value":                            true,
	"ai.values":                           true,
	"all_messages":                        true,
	"all_messages_events":                 true,
	"events":                              true,
	"exception.message":                   true,
	"exception.stacktrace":                true,
	"final_result":                        true,
	"gcp.vertex.agent.data":               true,
	"gcp.vertex.agent.llm_request":        true,
	"gcp.vertex.agent.llm_response":       true,
	"gcp.vertex.agent.tool_call_args":     true,
	"gcp.vertex.agent.tool_response":      true,
	"gen_ai.completion":                   true,
	"gen_ai.evaluation.explanation":       true,
	"gen_ai.event.content":                true,
	"gen_ai.input.messages":               true,
	"gen_ai.output.messages":              true,
	"gen_ai.prompt":                       true,
	"gen_ai.request.instructions":         true,
	"gen_ai.response.choices":             true,
	"gen_ai.response.text":                true,
	"gen_ai.retrieval.documents":          true,
	"gen_ai.retrieval.query.text":         true,
	"gen_ai.system_instructions":          true,
	"gen_ai.tool.call.arguments":          true,
	"gen_ai.tool.call.result":             true,
	"gen_ai.tool.definitions":             true,
	"gen_ai.tool.description":             true,
	"input.value":                         true,
	"langfuse.observation.input":          true,
	"langfuse.observation.output":         true,
	"langfuse.trace.input":                true,
	"langfuse.trace.output":               true,
	"llm.content.completion.chunk":        true,
	"llm.function_call":                   true,
	"llm.headers":                         true,
	"llm.invocation_parameters":           true,
	"llm.request.functions":               true,
	"logfire.json_schema":                 true,
	"logfire.msg":                         true,
	"mcp.request.argument":                true,
	"mcp.response.value":                  true,
	"metadata":                            true,
	"mlflow.spanInputs":                   true,
	"mlflow.spanOutputs":                  true,
	"model_request_parameters":            true,
	"output.value":                        true,
	"pydantic_ai.all_messages":            true,
	"request_data":                        true,
	"response_data":                       true,
	"tool.description":                    true,
	"tool.json_schema":                    true,
	"tool.parameters":                     true,
	"tool_arguments":                      true,
	"tool_response":                       true,
	"traceloop.entity.input":              true,
	"traceloop.entity.output":             true,
	"langfuse.observation.metadata":       true,
	"langfuse.trace.metadata":             true,
	"langfuse.observation.status_message": true,
}

// contentPrefixes begin the names of attributes that hold content in parts.
var contentPrefixes = []string{
	"ai.prompt.",
	"ai.request.headers.",
	"ai.response.files",
	"ai.settings.context.",
	"embedding.embeddings",
	"embedding.text",
	"gen_ai.completion.",
	"gen_ai.prompt.",
	"langfuse.observation.metadata.",
	"langfuse.trace.metadata.",
	"llm.completions.",
	"llm.input_messages",
	"llm.output_messages",
	"llm.prompt_template.",
	"llm.prompts",
	"llm.request.functions.",
	"llm.tools",
	"reranker.",
	"retrieval.documents",
	"traceloop.prompt.template",
}

// eventContentNames are, besides, the attributes of events that tell of messages.
var eventContentNames = map[string]bool{
	"arguments":  true,
	"body":       true,
	"content":    true,
	"event_body": true,
	"message":    true,
	"messages":   true,
	"tool_calls": true,
}

// contentStarts are the first characters of every name above, to pass over the rest quickly.
var contentStarts = startsOf(contentNames, contentPrefixes)

func startsOf(names map[string]bool, prefixes []string) (starts [256]bool) {
	for name := range names {
		starts[name[0]] = true
	}
	for _, prefix := range prefixes {
		starts[prefix[0]] = true
	}
	return starts
}

// isContent tells whether an attribute of a span, an event or a link holds content.
func isContent(name string) bool {
	if name == "" || !contentStarts[name[0]] {
		return false
	}
	if contentNames[name] {
		return true
	}
	for _, prefix := range contentPrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// removeContent takes content off a span, its events and its links, and counts the values. The
// message of the status is that of an exception, which quotes what was sent.
func removeContent(span ptrace.Span) (removed int64) {
	attributeOf := func(name string, _ pcommon.Value) bool {
		if !isContent(name) {
			return false
		}
		removed++
		return true
	}
	span.Attributes().RemoveIf(attributeOf)
	for _, link := range span.Links().All() {
		link.Attributes().RemoveIf(attributeOf)
	}
	for _, event := range span.Events().All() {
		event.Attributes().RemoveIf(func(name string, v pcommon.Value) bool {
			if eventContentNames[name] {
				removed++
				return true
			}
			return attributeOf(name, v)
		})
	}
	if span.Status().Message() != "" {
		span.Status().SetMessage("")
		removed++
	}
	return removed
}
