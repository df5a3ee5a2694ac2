// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestSumsByLabels(t *testing.T) {
	b := newBench(t, only(inputTokens))

	b.send(
		call(1, input, 100, agent, "planner", "gen_ai.request.model", "m1", "gen_ai.provider.name", "openai"),
		call(2, input, 20, agent, "planner", "gen_ai.request.model", "m1", "gen_ai.provider.name", "openai"),
		call(3, input, 3),
	)

	name := "shop " + inputTokens
	require.Equal(t, []string{
		name + "{gen_ai.agent.name=planner,gen_ai.operation.name=chat,gen_ai.provider.name=openai,gen_ai.request.model=m1} 120",
		name + "{gen_ai.agent.name=unattributed,gen_ai.operation.name=chat,gen_ai.provider.name=unknown,gen_ai.request.model=unknown} 3",
	}, b.values())
}

func TestSpansThatTheFilterRefusesAddNothing(t *testing.T) {
	b := newBench(t, only(inputTokens))

	b.send(
		func(s ptrace.Span) { call(1, input, 5)(s); s.SetKind(ptrace.SpanKindInternal) },
		func(s ptrace.Span) {
			call(2, input, 5)(s)
			s.Attributes().PutStr("gen_ai.operation.name", "invoke_agent")
		},
		func(s ptrace.Span) { call(3, input, 5)(s); s.Attributes().Remove("gen_ai.operation.name") },
	)

	require.Empty(t, b.flushed())
	require.Zero(t, b.counter("otelcol_usage_counted_spans"))
}

func TestMoneyIsSummedInIntegersAndScaledAtTheEnd(t *testing.T) {
	b := newBench(t, only("agentgauge.cost.usd"), bare)

	for n := range 10 {
		b.send(call(n, "agentgauge.cost.input_nanousd", 100_000_001, "agentgauge.cost.output_nanousd", 7))
	}

	require.Equal(t, []string{
		"shop agentgauge.cost.usd{agentgauge.token.type=input,gen_ai.agent.name=unattributed} 1.00000001",
		"shop agentgauge.cost.usd{agentgauge.token.type=output,gen_ai.agent.name=unattributed} 7e-08",
	}, b.values())
}

func TestValuesOfOneSeriesAddUp(t *testing.T) {
	b := newBench(t, only("agentgauge.wasted.tokens"), bare)

	b.send(
		call(1, input, 10, "gen_ai.usage.output_tokens", 5, "agentgauge.outcome", "error"),
		call(2, input, 10, "gen_ai.usage.output_tokens", 5, "agentgauge.outcome", "ok"),
		call(3, input, 1, "agentgauge.outcome", "cancelled"),
	)

	require.Equal(t, []string{"shop agentgauge.wasted.tokens{gen_ai.agent.name=unattributed} 16"}, b.values())
}

func TestAConditionOnAbsence(t *testing.T) {
	b := newBench(t, only("agentgauge.unpriced.tokens"), bare)

	b.send(call(1, input, 10), call(2, input, 10, "agentgauge.cost.nanousd", 3))

	require.Equal(t, []string{"shop agentgauge.unpriced.tokens{gen_ai.agent.name=unattributed} 10"}, b.values())
}

func TestAPositiveLabel(t *testing.T) {
	b := newBench(t, only("agentgauge.calls"))
	const definitions = "agentgauge.usage.tool_definition_tokens"

	b.send(call(1, definitions, 9), call(2, definitions, 0), call(3))

	require.Equal(t, []string{
		"shop agentgauge.calls{agentgauge.has_tools=true,gen_ai.agent.name=unattributed} 1",
		"shop agentgauge.calls{agentgauge.has_tools=false,gen_ai.agent.name=unattributed} 2",
	}, b.values())
}

func TestALabelOfTheSpansMonth(t *testing.T) {
	b := newBench(t, only("agentgauge.spend.usd"))

	b.send(call(1, "agentgauge.cost.nanousd", 2_000_000_000))

	require.Equal(t, []string{
		"shop agentgauge.spend.usd{agentgauge.period=202603,gen_ai.agent.name=unattributed} 2",
	}, b.values())
}

func TestFanOutOverParallelLists(t *testing.T) {
	b := newBench(t, only("agentgauge.tool.tokens", "agentgauge.tool.offers"), bare)

	b.send(call(1,
		"agentgauge.tool.names", []string{"search", "mail"},
		"agentgauge.tool.definition_tokens", []int{40, 30},
		"agentgauge.tool.call_tokens", []int{0, 7},
	))

	require.Equal(t, []string{
		"shop agentgauge.tool.tokens{agentgauge.tool.part=definition,gen_ai.agent.name=unattributed,gen_ai.tool.name=search} 40",
		"shop agentgauge.tool.tokens{agentgauge.tool.part=definition,gen_ai.agent.name=unattributed,gen_ai.tool.name=mail} 30",
		"shop agentgauge.tool.tokens{agentgauge.tool.part=call,gen_ai.agent.name=unattributed,gen_ai.tool.name=mail} 7",
		"shop agentgauge.tool.offers{gen_ai.agent.name=unattributed,gen_ai.tool.name=search} 1",
		"shop agentgauge.tool.offers{gen_ai.agent.name=unattributed,gen_ai.tool.name=mail} 1",
	}, b.values())
}

func TestAHistogramOfDurations(t *testing.T) {
	b := newBench(t, only("gen_ai.client.inference.duration"), bare)

	b.send(call(1), call(2))

	require.Equal(t, []string{
		"shop gen_ai.client.inference.duration{gen_ai.agent.name=unattributed} 2/1 [0 2 0 0]",
	}, b.values())
}

func TestBucketBoundsAreInclusive(t *testing.T) {
	b := newBench(t, only("gen_ai.client.inference.duration"), bare, func(c *Config) {
		c.Metrics[0].Buckets = []float64{0.5, 1}
	})

	b.send(call(1))

	require.Equal(t, []string{
		"shop gen_ai.client.inference.duration{gen_ai.agent.name=unattributed} 1/0.5 [1 0 0]",
	}, b.values())
}

func TestEachServiceHasAResourceOfItsOwn(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)

	b.send(call(1, input, 1))
	require.NoError(t, b.ConsumeTraces(t.Context(), traces("till", call(2, input, 2))))

	require.Equal(t, []string{
		"shop " + inputTokens + "{gen_ai.agent.name=unattributed} 1",
		"till " + inputTokens + "{gen_ai.agent.name=unattributed} 2",
	}, b.values())
	resource := b.sink.AllMetrics()[0].ResourceMetrics().At(1).Resource().Attributes().AsRaw()
	require.Equal(t, map[string]any{"service.name": "till", "service.instance.id": "collector-1"}, resource)
}

func TestTheSourceStaysAsItWas(t *testing.T) {
	b := newBench(t)
	td, same := traces("shop", call(1, input, 1)), traces("shop", call(1, input, 1))
	td.MarkReadOnly()

	require.NoError(t, b.ConsumeTraces(t.Context(), td))

	require.Equal(t, same.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().AsRaw(),
		td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().AsRaw())
	require.False(t, b.Capabilities().MutatesData)
}

func TestLateSpansAreCountedAndCountedApart(t *testing.T) {
	b := newBench(t, only(inputTokens, "agentgauge.late.calls"), bare)

	b.hand.step(lateAfter + 1)
	b.send(call(1, input, 4))

	require.Equal(t, []string{
		"shop " + inputTokens + "{gen_ai.agent.name=unattributed} 4",
		"shop agentgauge.late.calls{} 1",
	}, b.values())
	require.EqualValues(t, 1, b.counter("otelcol_usage_late_spans"))
}

func TestLabelsAreBoundedAndValid(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)

	b.send(call(1, input, 1, agent, strings.Repeat("é", 1_000_000)), call(2, input, 2, agent, "a\xffb"))

	require.Equal(t, []string{
		"shop " + inputTokens + "{gen_ai.agent.name=" + strings.Repeat("é", 128) + "} 1",
		"shop " + inputTokens + "{gen_ai.agent.name=a\uFFFDb} 2",
	}, b.values())
}
