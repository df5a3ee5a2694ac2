// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestASpanSentTwiceCountsOnce(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)

	b.send(call(1, input, 5), call(1, input, 5))
	b.send(call(1, input, 5), call(2, input, 1))

	require.Equal(t, []string{series1 + "6"}, b.values())
	require.EqualValues(t, 2, b.counter("otelcol_usage_duplicate_spans"))
	require.EqualValues(t, 2, b.counter("otelcol_usage_counted_spans"))
	require.EqualValues(t, 2, b.counter("otelcol_usage_duplicate_window_ids"))
}

// pass lets time go by in steps, as flushes do.
func (w *idWindow) pass(from, to time.Duration) {
	for at := from; at <= to; at += time.Minute {
		if w.due(at) {
			w.open(at, began.Add(at))
		}
	}
}

func TestAnIdIsKnownForTheWindowSinceItWasLastMet(t *testing.T) {
	w := newWindow(time.Hour, 1_000)
	w.pass(0, 0)
	id := spanID{1}
	w.add(id, 0)
	for hour := range 5 {
		from := time.Duration(hour) * 59 * time.Minute
		w.pass(from, from+59*time.Minute)
		_, known := w.age(id)
		require.True(t, known, hour)
		w.refresh(id, from+59*time.Minute)
	}

	w.pass(5*59*time.Minute, 5*59*time.Minute+76*time.Minute)

	_, known := w.age(id)
	require.False(t, known)
	require.Zero(t, w.ids)
}

func TestAFullWindowForgetsTheOldestAndSaysSo(t *testing.T) {
	w := newWindow(time.Hour, 1_000)
	for n := range 5_000 {
		w.pass(0, 0)
		w.add(spanID(slices.Concat(traceBytes(n), make([]byte, 8))), 0)
	}

	require.LessOrEqual(t, w.ids, 1_000)
	require.Positive(t, w.cutShort)
	_, known := w.age(spanID(slices.Concat(traceBytes(4_999), make([]byte, 8))))
	require.True(t, known)
}

func traceBytes(n int) []byte {
	id := traceID(n)
	return id[:]
}

func TestPastTheSeriesLimitTotalsStillHold(t *testing.T) {
	b := newBench(t, only(inputTokens), bare, func(c *Config) { c.SeriesLimit = 2 })

	for n := range 10 {
		b.send(call(n, input, 1, agent, fmt.Sprint("agent-", n)))
	}
	b.send(call(10, input, 1, agent, "agent-0"))

	require.Equal(t, []string{
		"shop " + inputTokens + "{gen_ai.agent.name=agent-0} 2",
		"shop " + inputTokens + "{gen_ai.agent.name=agent-1} 1",
		"shop " + inputTokens + "{otel.metric.overflow=true} 8",
	}, b.values())
	require.EqualValues(t, 8, b.counter("otelcol_usage_overflow_values"))
	require.Equal(t, map[string]int64{inputTokens: 3}, ownMetric(t, b.own, "otelcol_usage_series"))
}

func TestPastTheResourceLimitServicesShareOne(t *testing.T) {
	b := newBench(t, only(inputTokens), bare, func(c *Config) { c.ResourceLimit = 1 })

	for n, service := range []string{"shop", "till", "desk"} {
		require.NoError(t, b.ConsumeTraces(t.Context(), traces(service, call(n, input, 1))))
	}

	require.Equal(t, []string{
		series1 + "1",
		"otel.overflow " + inputTokens + "{otel.metric.overflow=true} 2",
	}, b.values())
}

func TestMalformedValuesCostNothingBesideThem(t *testing.T) {
	good := call(99, input, 7, "agentgauge.cost.nanousd", 5)
	million := make([]int, 1_000_000)
	names := make([]string, len(million))
	for i := range million {
		million[i], names[i] = 1, fmt.Sprint("tool-", i)
	}
	tests := []struct {
		name   string
		span   func(ptrace.Span)
		reason string
	}{
		{"negative", call(1, input, -1), "range"},
		{"a negative double", call(1, input, -1.0), "range"},
		{"NaN", call(1, input, math.NaN()), "range"},
		{"infinite", call(1, input, math.Inf(1)), "range"},
		{"huge", call(1, input, math.MaxInt64), "range"},
		{"a fraction", call(1, input, 0.5), "type"},
		{"text", call(1, input, "12"), "type"},
		{"a list", call(1, input, []int{1}), "type"},
		{"a list as label", call(1, agent, []string{"a"}), "type"},
		{"10 MB of text", call(1, agent, strings.Repeat("x", 10_000_000), input, "y"), "type"},
		{"lists of different length", call(1, "agentgauge.tool.names", []string{"a"}, "agentgauge.tool.call_tokens", []int{1, 2}), "length"},
		{"a number where names belong", call(1, "agentgauge.tool.names", 1), "type"},
		{"numbers as names", call(1, "agentgauge.tool.names", []int{1}, "agentgauge.tool.call_tokens", []int{1}), "type"},
		{"a negative entry", call(1, "agentgauge.tool.names", []string{"a", "b"}, "agentgauge.tool.call_tokens", []int{-1, 2}), "range"},
		{"a million entries with one bad", call(1, "agentgauge.tool.names", names, "agentgauge.tool.call_tokens", append(million[1:], -1)), "range"},
		{"an end before its start", func(s ptrace.Span) {
			call(1)(s)
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(began.Add(time.Hour)))
		}, "range"},
		{"no start", func(s ptrace.Span) { call(1)(s); s.SetStartTimestamp(0) }, "range"},
		{"no trace id", func(s ptrace.Span) { call(1, input, 5)(s); s.SetTraceID(pcommon.TraceID{}) }, "id"},
		{"no span id", func(s ptrace.Span) { call(1, input, 5)(s); s.SetSpanID(pcommon.SpanID{}) }, "id"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, bare)

			b.send(test.span, good)

			require.Positive(t, ownMetric(t, b.own, "otelcol_usage_malformed_values")[test.reason])
			require.Contains(t, b.values(), series1+"7")
		})
	}
}

func TestMalformedObservationsCostNothingBesideThem(t *testing.T) {
	const wait = "gen_ai.response.time_to_first_chunk"
	for _, bad := range []any{-0.5, math.NaN(), math.Inf(1), "0.5", []int{1}} {
		b := newBench(t, only("gen_ai.client.inference.duration"), bare, func(c *Config) {
			c.Metrics[0].Values = []ValueConfig{{Attribute: wait}}
		})

		b.send(call(1, wait, bad), call(2, wait, 0.5), call(3, wait, 2), call(4))

		require.Equal(t, []string{
			"shop gen_ai.client.inference.duration{gen_ai.agent.name=unattributed} 2/2.5 [0 1 1 0]",
		}, b.values())
		require.EqualValues(t, 1, b.counter("otelcol_usage_malformed_values"))
	}
}

func TestTheRestOfAMalformedSpanCounts(t *testing.T) {
	b := newBench(t, bare, only(inputTokens, "agentgauge.calls"))

	b.send(call(1, input, "twelve"))

	require.Equal(t, []string{"shop agentgauge.calls{gen_ai.agent.name=unattributed} 1"}, dropLabel(b.values(), "agentgauge.has_tools=false,"))
}

func dropLabel(all []string, label string) []string {
	for i := range all {
		all[i] = strings.ReplaceAll(all[i], label, "")
	}
	return all
}

func TestALongListIsFoldedAndItsTotalHolds(t *testing.T) {
	b := newBench(t, only("agentgauge.tool.tokens"), bare)
	var names []string
	var tokens []int
	for i := range 1_000 {
		names, tokens = append(names, fmt.Sprint("tool-", i)), append(tokens, 2)
	}

	b.send(call(1, "agentgauge.tool.names", names, "agentgauge.tool.call_tokens", tokens))

	got := b.values()
	require.Len(t, got, defaultFanOutLimit+1)
	require.Equal(t, "shop agentgauge.tool.tokens{agentgauge.tool.part=call,gen_ai.agent.name=unattributed,gen_ai.tool.name=other} 1872", got[64])
}

type failingJournal struct{ fail bool }

func (j *failingJournal) Append([]byte) error {
	if j.fail {
		return errors.New("disk full")
	}
	return nil
}

func (*failingJournal) Turn([]byte) error { return nil }
func (*failingJournal) Last() uint64      { return 0 }

func TestAFailedCommitChangesNothing(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)
	disk := &failingJournal{}
	b.ledger.journal = disk
	b.send(call(1, input, 1))

	disk.fail = true
	err := b.ConsumeTraces(t.Context(), traces("till", call(2, input, 10), call(1, input, 1)))
	require.EqualError(t, err, "committing 1 spans: disk full")
	var told interface{ NothingCounted() bool }
	require.ErrorAs(t, fmt.Errorf("a branch: %w", err), &told)
	require.True(t, told.NothingCounted())
	err = b.ConsumeTraces(t.Context(), traces("shop", call(3, input, 10, agent, "new")))
	require.Error(t, err)
	require.Equal(t, []string{series1 + "1"}, b.values())

	disk.fail = false
	b.send(call(3, input, 10, agent, "new"))
	require.Equal(t, []string{series1 + "1", "shop " + inputTokens + "{gen_ai.agent.name=new} 10"}, b.values())
}

func TestASumThatWouldOverflowStays(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)
	for n := range 1_100 {
		b.send(call(n, input, maxValue))
	}

	require.Equal(t, []string{series1 + fmt.Sprint(int64(1023)*maxValue)}, b.values())
	require.EqualValues(t, 77, ownMetric(t, b.own, "otelcol_usage_malformed_values")["overflow"])
}
