// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// node is a span of one trace, by its number; its parent is another's.
type node struct {
	id, parent byte
	attributes map[string]any
}

func tree(t testing.TB, nodes ...node) (ptrace.Traces, map[byte]ptrace.Span) {
	t.Helper()
	td, spans := ptrace.NewTraces(), map[byte]ptrace.Span{}
	all := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	all.EnsureCapacity(len(nodes))
	for _, n := range nodes {
		span := all.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{1})
		span.SetSpanID(pcommon.SpanID{n.id})
		if n.parent != 0 {
			span.SetParentSpanID(pcommon.SpanID{n.parent})
		}
		span.SetKind(ptrace.SpanKindInternal)
		require.NoError(t, span.Attributes().FromRaw(n.attributes))
		if has(span.Attributes(), usageSource) {
			span.SetKind(ptrace.SpanKindClient)
		}
		spans[n.id] = span
	}
	return td, spans
}

func request(tokens int) map[string]any {
	attributes := map[string]any{"openinference.span.kind": "LLM"}
	if tokens > 0 {
		attributes["llm.token_count.prompt"] = tokens
	}
	return attributes
}

// ofTheSDK is a call as agentgauge's SDK writes it.
func ofTheSDK(tokens int) map[string]any {
	return map[string]any{operationName: operationChat, inputTokens: tokens, usageSource: "provider"}
}

// counts are the spans that metrics count, by number.
func countedOf(spans map[byte]ptrace.Span) (found []byte) {
	for id := range byte(100) {
		span, there := spans[id]
		if there && span.Kind() == ptrace.SpanKindClient && isCall(textOf(span.Attributes(), operationName)) {
			found = append(found, id)
		}
	}
	return found
}

func TestOfTheSpansOfOneRequestOneCounts(t *testing.T) {
	tool := map[string]any{"openinference.span.kind": "TOOL"}
	chain := map[string]any{"openinference.span.kind": "CHAIN"}
	tests := []struct {
		name  string
		nodes []node
		want  []byte
	}{
		{"the inner one of two", []node{{1, 0, request(7)}, {2, 1, request(7)}}, []byte{2}},
		{"with a chain between", []node{{1, 0, request(7)}, {2, 1, chain}, {3, 2, request(7)}}, []byte{3}},
		{"the innermost of three", []node{{3, 2, request(7)}, {2, 1, request(7)}, {1, 0, request(7)}}, []byte{3}},
		{"both inside one", []node{{1, 0, request(9)}, {2, 1, request(4)}, {3, 1, request(5)}}, []byte{2, 3}},
		{"the outer one where it alone has usage", []node{{1, 0, request(7)}, {2, 1, request(0)}}, []byte{1}},
		{"the inner one where none has", []node{{1, 0, request(0)}, {2, 1, request(0)}}, []byte{2}},
		{"a failed attempt beside the one that went well", []node{{1, 0, request(7)}, {2, 1, request(0)}, {3, 1, request(7)}}, []byte{2, 3}},
		{"a call inside a tool of another", []node{{1, 0, request(7)}, {2, 1, tool}, {3, 2, request(5)}}, []byte{1, 3}},
		{"the SDK's alone of its own and a foreign one inside", []node{{1, 0, ofTheSDK(7)}, {2, 1, chain}, {3, 2, request(7)}}, []byte{1}},
		{"the SDK's alone of a foreign one around", []node{{1, 0, request(7)}, {2, 1, ofTheSDK(7)}}, []byte{2}},
		{"a cycle", []node{{1, 2, request(7)}, {2, 1, chain}, {3, 3, request(5)}}, []byte{1, 3}},
		{"Vercel's outer and inner", []node{
			{1, 0, map[string]any{"ai.operationId": "ai.generateText", "ai.usage.inputTokens": 7}},
			{2, 1, map[string]any{"ai.operationId": "ai.generateText.doGenerate", "ai.usage.inputTokens": 7}},
		}, []byte{2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			td, spans := tree(t, test.nodes...)
			normalizeAll(t, td)

			require.Equal(t, test.want, countedOf(spans))
			normalizeAll(t, td)
			require.Equal(t, test.want, countedOf(spans))
		})
	}
}

func TestNamesComeFromTheSpansAround(t *testing.T) {
	td, spans := tree(t,
		node{5, 4, request(1)},
		node{1, 0, map[string]any{"traceloop.span.kind": "workflow", "traceloop.entity.name": "ticket"}},
		node{2, 1, map[string]any{"openinference.span.kind": "AGENT", "agent.name": "planner"}},
		node{3, 2, map[string]any{"openinference.span.kind": "TOOL", "tool.name": "search"}},
		node{4, 3, map[string]any{"http.request.method": "POST"}},
		node{6, 3, map[string]any{"openinference.span.kind": "AGENT", "agent.name": "helper"}},
		node{7, 6, request(1)},
	)
	normalizeAll(t, td)

	of := func(id byte) [3]string {
		a := spans[id].Attributes()
		return [3]string{textOf(a, workflowName), textOf(a, agentName), textOf(a, toolName)}
	}
	require.Equal(t, [3]string{"ticket", "planner", "search"}, of(5))
	require.Equal(t, [3]string{"ticket", "planner", ""}, of(2))
	require.Equal(t, [3]string{"ticket", "helper", ""}, of(6))
	require.Equal(t, [3]string{"ticket", "helper", ""}, of(7))
	require.Equal(t, map[string]any{"http.request.method": "POST"}, spans[4].Attributes().AsRaw())
}
