// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestKeysInNamesAreMaskedWhereAsked(t *testing.T) {
	td, span := internalSpan(t, nil)
	span.SetName("ask ann@example.org for sk-abcdefghijklmnopqrstuvwxyz")
	span.Events().AppendEmpty().SetName("sent to ann@example.org")
	span.Events().AppendEmpty().SetName("received")
	p := made(t, Config{Content: ContentConfig{Masks: []string{`sk-[A-Za-z0-9]{20,}`, `[a-z]+@[a-z]+\.[a-z]+`}}})

	for range 2 {
		_, err := p.process(t.Context(), td)
		require.NoError(t, err)
	}

	require.Equal(t, "ask **** for ****", span.Name())
	require.Equal(t, "sent to ****", span.Events().At(0).Name())
	require.Equal(t, "received", span.Events().At(1).Name())
}

func TestContentIsRemovedWhereverASpanCarriesIt(t *testing.T) {
	_, span := internalSpan(t, map[string]any{
		"llm.input_messages.0.message.content": "secret",
		"gen_ai.prompt.0.content":              "secret",
		"input.value":                          "secret",
		"ai.prompt.messages":                   "secret",
		"traceloop.entity.input":               "secret",
		"langfuse.observation.output":          "secret",
		"gen_ai.usage.input_tokens":            int64(7),
		"llm.token_count.prompt":               int64(7),
		"traceloop.entity.name":                "kept",
	})
	event := span.Events().AppendEmpty()
	event.SetName("exception")
	require.NoError(t, event.Attributes().FromRaw(map[string]any{
		"exception.type": "ValueError", "exception.message": "secret", "exception.stacktrace": "secret",
	}))
	require.NoError(t, span.Events().AppendEmpty().Attributes().FromRaw(map[string]any{"content": "secret", "role": "user"}))
	require.NoError(t, span.Links().AppendEmpty().Attributes().FromRaw(map[string]any{"output.value": "secret"}))
	span.Status().SetCode(ptrace.StatusCodeError)
	span.Status().SetMessage("secret")

	require.EqualValues(t, 11, removeContent(span))

	require.Equal(t, map[string]any{
		"gen_ai.usage.input_tokens": int64(7), "llm.token_count.prompt": int64(7), "traceloop.entity.name": "kept",
	}, span.Attributes().AsRaw())
	require.Equal(t, map[string]any{"exception.type": "ValueError"}, span.Events().At(0).Attributes().AsRaw())
	require.Equal(t, map[string]any{"role": "user"}, span.Events().At(1).Attributes().AsRaw())
	require.Empty(t, span.Links().At(0).Attributes().AsRaw())
	require.Equal(t, ptrace.StatusCodeError, span.Status().Code())
	require.Empty(t, span.Status().Message())
}

func TestContentOfMoreFrameworksIsRemoved(t *testing.T) {
	for _, name := range []string{
		"ai.documents", "ai.embedding", "ai.embeddings", "ai.request.headers.authorization", "ai.response.providerMetadata",
		"gcp.vertex.agent.data", "gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response",
		"gcp.vertex.agent.tool_call_args", "gcp.vertex.agent.tool_response",
		"gen_ai.evaluation.explanation", "gen_ai.retrieval.documents", "gen_ai.retrieval.query.text",
		"mlflow.spanInputs", "mlflow.spanOutputs",
	} {
		require.True(t, isContent(name), name)
	}
	require.False(t, isContent("gcp.vertex.agent.session_id"))
}

func TestContentStaysWhereItIsKept(t *testing.T) {
	td, span := internalSpan(t, map[string]any{"input.value": "kept"})
	_, err := made(t, Config{Content: ContentConfig{Keep: true}}).process(t.Context(), td)
	require.NoError(t, err)

	require.Equal(t, map[string]any{"input.value": "kept"}, span.Attributes().AsRaw())
}
