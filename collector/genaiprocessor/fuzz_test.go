// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// everyName is each attribute that some table reads or writes.
func everyName() []string {
	found := []string{
		operationName, providerName, requestModel, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens,
		reasoningTokens, usageSource, counted, costNanousd, serverAddress, serverPort, toolCallID, "openinference.span.kind",
		"ai.operationId", "traceloop.span.kind", "llm.request.type", "langfuse.observation.type", "agent_name",
		"langfuse.observation.usage_details", "ai.response.providerMetadata", "ai.model.provider", associations + "team",
		"input.value", "exception.message", sampledName, "ai.usage.inputTokenDetails.noCacheTokens",
	}
	for _, v := range vocabularies {
		for _, n := range append(append([]names{}, v.all...), v.call...) {
			found = append(append(found, n.to), n.from...)
		}
		u := v.usage
		for _, each := range [][]string{u.input, u.output, u.cacheRead, u.cacheWrite, u.cacheHour, u.reasoning, u.total, u.audio} {
			found = append(found, each...)
		}
	}
	return found
}

var oddValues = []any{
	"", "chat", "LLM", "agent", "generation", "ai.generateText.doGenerate", "ai.generateText", "openai", "anthropic.messages",
	"gpt-4o-mini", "\xff\xfe", "http://[::1", "https://api.openai.com/v1", `{"input":-1,"output":1e300}`, `{"input":3,"total":7}`, "{",
	int64(0), int64(7), int64(100), int64(-5), int64(math.MaxInt64), 1.5, 12.0, math.NaN(), math.Inf(1), math.Copysign(0, -1), true, false, nil,
	[]any{"a", int64(1)}, map[string]any{"input": int64(1)}, []byte{0, 255},
}

func drawn(rng *rand.Rand, all []string) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range 1 + rng.IntN(8) {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{1})
		span.SetSpanID(pcommon.SpanID{byte(rng.IntN(8))})
		span.SetParentSpanID(pcommon.SpanID{byte(rng.IntN(8))})
		span.SetKind(ptrace.SpanKind(rng.IntN(8)))
		span.SetStartTimestamp(pcommon.Timestamp(rng.Uint64()))
		span.SetEndTimestamp(pcommon.Timestamp(rng.Uint64()))
		for range rng.IntN(14) {
			_ = span.Attributes().PutEmpty(all[rng.IntN(len(all))]).FromRaw(oddValues[rng.IntN(len(oddValues))])
		}
	}
	return td
}

func bytesOf(t testing.TB, td ptrace.Traces) string {
	t.Helper()
	data, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	return string(data)
}

// checkLaws: of which, once, and a good span beside is what it is alone.
func checkLaws(t *testing.T, td ptrace.Traces) {
	t.Helper()
	p := made(t, Config{})
	good := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	good.SetTraceID(pcommon.TraceID{9})
	good.SetSpanID(pcommon.SpanID{9})
	require.NoError(t, good.Attributes().FromRaw(map[string]any{
		"openinference.span.kind": "LLM", "llm.provider": "openai", "llm.model_name": "gpt-4o-mini",
		"llm.token_count.prompt": 100, "llm.token_count.completion": 10,
	}))
	fresh := map[int]bool{}
	index := 0
	eachSpan(td, func(s ptrace.Span) { fresh[index] = !has(s.Attributes(), usageSource); index++ })

	_, err := p.process(t.Context(), td)
	require.NoError(t, err)
	once := bytesOf(t, td)
	index = 0
	eachSpan(td, func(s ptrace.Span) {
		if fresh[index] && has(s.Attributes(), usageSource) {
			checkOfWhich(t, s.Attributes())
		}
		index++
	})
	cost, _ := good.Attributes().Get(costNanousd)
	require.EqualValues(t, 15_000+6_000, cost.Int())

	_, err = p.process(t.Context(), td)
	require.NoError(t, err)
	require.Equal(t, once, bytesOf(t, td), "processing twice is processing once")
}

func checkOfWhich(t *testing.T, a pcommon.Map) {
	t.Helper()
	of := func(name string) (c count) {
		c.read(a, name)
		return c
	}
	if input := of(inputTokens); input.known {
		require.LessOrEqual(t, of(cacheReadTokens).n+of(cacheWriteTokens).n, input.n)
	}
	require.LessOrEqual(t, of(cacheHourTokens).n, of(cacheWriteTokens).n)
	if output := of(outputTokens); output.known {
		require.LessOrEqual(t, of(reasoningTokens).n, output.n)
	}
}

func TestLawsHoldForWhateverSpansSay(t *testing.T) {
	all := everyName()
	for seed := range uint64(3_000) {
		checkLaws(t, drawn(rand.New(rand.NewPCG(seed, 1)), all))
	}
}

func FuzzLaws(f *testing.F) {
	all := everyName()
	for seed := range uint64(50) {
		data, _ := (&ptrace.ProtoMarshaler{}).MarshalTraces(drawn(rand.New(rand.NewPCG(seed, 2)), all))
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(data)
		if err != nil {
			t.Skip()
		}
		checkLaws(t, td)
	})
}
