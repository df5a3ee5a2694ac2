// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/metadata"
)

// pipeline is a processor, and what comes after it: a connector that knows the spans that it
// counted, as the usage connector does, and gives a refusal if there is one.
type pipeline struct {
	processor.Traces
	own     *componenttest.Telemetry
	counted map[byte]bool
	// refusal is given in place of counting, late after it.
	refusal, late error
}

type uncounted struct{}

func (uncounted) Error() string        { return "the disk is full" }
func (uncounted) NothingCounted() bool { return true }

func newPipeline(t *testing.T, change func(*Config)) *pipeline {
	t.Helper()
	p := &pipeline{own: componenttest.NewTelemetry(), counted: map[byte]bool{}}
	t.Cleanup(func() { require.NoError(t, p.own.Shutdown(context.Background())) })
	config := createDefaultConfig().(*Config)
	if change != nil {
		change(config)
	}
	set := processortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = p.own.NewTelemetrySettings()
	next, err := consumer.NewTraces(func(_ context.Context, td ptrace.Traces) error {
		if p.refusal != nil {
			return p.refusal
		}
		eachSpan(td, func(span ptrace.Span) {
			if span.Kind() == ptrace.SpanKindClient && isCall(textOf(span.Attributes(), operationName)) {
				p.counted[span.SpanID()[0]] = true
			}
		})
		return p.late
	})
	require.NoError(t, err)
	p.Traces, err = NewFactory().CreateTraces(t.Context(), set, config, next)
	require.NoError(t, err)
	return p
}

func (p *pipeline) send(t *testing.T, nodes ...node) error {
	t.Helper()
	td, _ := tree(t, nodes...)
	return p.ConsumeTraces(t.Context(), td)
}

func (p *pipeline) ownMetric(t *testing.T, name string) (sum int64) {
	t.Helper()
	m, err := p.own.GetMetric(name)
	require.NoError(t, err)
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		sum += point.Value
	}
	return sum
}

func TestARequestThatBatchesTellOfApartCountsOnce(t *testing.T) {
	tool := map[string]any{"openinference.span.kind": "TOOL"}
	between := map[string]any{"http.request.method": "POST"}
	tests := []struct {
		name    string
		batches [][]node
		// counted spans, and calls that are known to be counted twice.
		counted, twice int
	}{
		{"the inner first", [][]node{{{2, 1, request(7)}}, {{1, 0, request(7)}}}, 1, 0},
		{"a span between", [][]node{{{3, 2, request(7)}}, {{2, 1, between}}, {{1, 0, request(7)}}}, 1, 0},
		{"a span between, with the outer one", [][]node{{{3, 2, request(7)}}, {{1, 0, request(7)}, {2, 1, between}}}, 1, 0},
		{"the outer one alone has usage", [][]node{{{2, 1, between}}, {{1, 0, request(7)}}}, 1, 0},
		{"inside a tool of another", [][]node{{{3, 2, request(5)}}, {{2, 1, tool}}, {{1, 0, request(7)}}}, 2, 0},
		{"sent again", [][]node{{{2, 1, request(7)}}, {{2, 1, request(7)}}}, 1, 0},
		{"both, then sent again one by one", [][]node{
			{{1, 0, request(7)}, {2, 1, request(7)}}, {{1, 0, request(7)}}, {{2, 1, request(7)}},
		}, 1, 0},
		{"the outer first", [][]node{{{1, 0, request(7)}}, {{2, 1, request(7)}}}, 1, 0},
		{"the outer first, with what it sent", [][]node{{{1, 0, request(7)}, {2, 1, between}}, {{3, 2, between}, {4, 3, request(7)}}}, 1, 0},
		{"the outer first, everything apart", [][]node{{{1, 0, request(7)}}, {{2, 1, between}}, {{3, 2, request(7)}}}, 1, 0},
		{"the outer first, then all of it again", [][]node{
			{{1, 0, request(7)}}, {{2, 1, request(7)}}, {{1, 0, request(7)}}, {{2, 1, request(7)}}, {{1, 0, request(7)}, {2, 1, request(7)}},
		}, 1, 0},
		{"the outer first, the inner inside a tool", [][]node{{{1, 0, request(7)}, {2, 1, tool}}, {{3, 2, request(5)}}}, 2, 0},
		{"the outer first, two inside", [][]node{{{1, 0, request(9)}}, {{2, 1, request(4)}}, {{3, 1, request(5)}}}, 1, 0},
		{"the outer first, and it says no usage", [][]node{{{1, 0, request(0)}}, {{2, 1, request(7)}}}, 2, 0},
		{"what is between comes last", [][]node{{{1, 0, request(7)}}, {{3, 2, request(7)}}, {{2, 1, between}}}, 2, 1},
		{"the SDK's first, a foreign one inside", [][]node{{{1, 0, ofTheSDK(7)}}, {{2, 1, request(7)}}}, 1, 0},
		{"a foreign one, then the SDK's around", [][]node{{{2, 1, request(7)}}, {{1, 0, ofTheSDK(7)}}}, 2, 1},
		{"two of the SDK's", [][]node{{{1, 0, ofTheSDK(7)}}, {{2, 1, ofTheSDK(7)}}}, 2, 1},
		{"the next turn of an agent", [][]node{{{2, 1, request(7)}}, {{3, 1, request(7)}}, {{1, 0, map[string]any{"openinference.span.kind": "AGENT"}}}}, 2, 0},
		{"calls side by side under a span", [][]node{{{2, 1, request(7)}}, {{3, 1, request(7)}}, {{1, 0, between}}}, 2, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPipeline(t, nil)
			for _, batch := range test.batches {
				require.NoError(t, p.send(t, batch...))
			}
			require.Len(t, p.counted, test.counted)
			require.EqualValues(t, test.twice, p.ownMetric(t, "otelcol_genai_counted_twice_calls"))
		})
	}
}

func TestWhatNobodyCountedIsNotRemembered(t *testing.T) {
	refused := fmt.Errorf("downstream: %w", errors.Join(errors.New("queue is full"), uncounted{}))
	for name, order := range map[string][2]node{
		"inner": {{2, 1, request(7)}, {1, 0, request(7)}},
		"outer": {{1, 0, request(7)}, {2, 1, request(7)}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPipeline(t, nil)
			p.refusal = refused
			require.ErrorIs(t, p.send(t, order[0]), uncounted{})
			p.refusal = nil

			require.NoError(t, p.send(t, order[1]))

			require.Equal(t, map[byte]bool{order[1].id: true}, p.counted)
		})
	}
}

func TestWhatOnlyTheTraceStoreRefusedIsRemembered(t *testing.T) {
	p := newPipeline(t, nil)
	p.late = errors.New("sending queue is full")
	require.Error(t, p.send(t, node{2, 1, request(7)}))
	p.late = nil

	require.NoError(t, p.send(t, node{1, 0, request(7)}))

	require.Equal(t, map[byte]bool{2: true}, p.counted)
}

func TestARefusalForgetsNothingOfAnotherRequest(t *testing.T) {
	p := newPipeline(t, nil)
	require.NoError(t, p.send(t, node{2, 1, request(7)}))
	p.refusal = uncounted{}
	require.Error(t, p.send(t, node{3, 1, request(5)}))
	p.refusal = nil

	require.NoError(t, p.send(t, node{1, 0, request(12)}))

	require.Equal(t, map[byte]bool{2: true}, p.counted)
}

func TestAFullMemoryForgetsTheOldestAndSaysSo(t *testing.T) {
	p := newPipeline(t, func(c *Config) { c.Memory.Limit = 4 })
	for id := range byte(4) {
		require.NoError(t, p.send(t, node{10 + id, 20 + id, request(7)}))
	}
	require.EqualValues(t, 1, p.ownMetric(t, "otelcol_genai_memory_shortened"))
	require.NoError(t, p.send(t, node{20, 0, request(7)}), "it is of use, and so kept")
	for id := range byte(2) {
		require.NoError(t, p.send(t, node{30 + id, 40 + id, request(7)}))
	}

	require.NoError(t, p.send(t, node{20, 0, request(7)}, node{21, 0, request(7)}))

	require.False(t, p.counted[20])
	require.True(t, p.counted[21])
}

func TestASpanIsRememberedForTheWindow(t *testing.T) {
	m := newMemory(&MemoryConfig{Window: time.Hour, Limit: 100})
	old, recent := note{role: around}, note{role: inside}
	m.settle([]note{old}, true)
	m.began = m.began.Add(-time.Hour)
	m.settle([]note{recent}, true)
	require.True(t, m.has(old))

	m.began = m.began.Add(-time.Hour)
	m.settle([]note{recent, {role: itself}}, true)
	require.False(t, m.has(old))
	require.True(t, m.has(recent))
}
