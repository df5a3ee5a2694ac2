// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// linked are the exemplars of the latest points: value @end of the span, trace, span.
func (b *bench) linked() []string {
	b.flushed()
	var out []string
	tell := func(exemplars pmetric.ExemplarSlice) {
		for _, e := range exemplars.All() {
			value := fmt.Sprint(e.IntValue())
			if e.ValueType() == pmetric.ExemplarValueTypeDouble {
				value = fmt.Sprint(e.DoubleValue())
			}
			out = append(out, fmt.Sprintf("%s @+%s %s %s", value, e.Timestamp().AsTime().Sub(began), e.TraceID(), e.SpanID()))
		}
	}
	for _, md := range b.sink.AllMetrics() {
		for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
			if m.Type() == pmetric.MetricTypeHistogram {
				for _, p := range m.Histogram().DataPoints().All() {
					tell(p.Exemplars())
				}
			} else {
				for _, p := range m.Sum().DataPoints().All() {
					tell(p.Exemplars())
				}
			}
		}
	}
	return out
}

// lasting is a call of that duration that ended then.
func lasting(n int, end, duration time.Duration, attributes ...any) func(ptrace.Span) {
	return func(s ptrace.Span) {
		call(n, attributes...)(s)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(began.Add(end - duration)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(began.Add(end)))
	}
}

func idsOf(n int) string {
	return fmt.Sprintf("%s %s", traceID(n), pcommon.SpanID{7, byte(n)})
}

func TestACounterLinksToItsLatestSpanOnce(t *testing.T) {
	b := newBench(t, only(inputTokens, "agentgauge.cost.usd"), bare)

	b.send(
		lasting(1, 2*time.Second, time.Second, input, 5, "agentgauge.cost.input_nanousd", 1_500),
		lasting(2, time.Second, time.Second, input, 3),
	)

	require.Equal(t, []string{"5 @+2s " + idsOf(1), "1.5e-06 @+2s " + idsOf(1)}, b.linked())
	require.Empty(t, b.linked())
}

func TestAHistogramLinksToTheLatestSpanOfEachBucketInTheirOrder(t *testing.T) {
	b := newBench(t, only("gen_ai.client.inference.duration"), bare)

	b.send(
		lasting(1, 9*time.Second, 5*time.Second),
		lasting(2, 10*time.Second, 500*time.Millisecond),
		lasting(3, 7*time.Second, 4*time.Second),
	)

	require.Equal(t, []string{"0.5 @+10s " + idsOf(2), "5 @+9s " + idsOf(1)}, b.linked())
}

func TestASpanThatSamplingKeepsIsPreferred(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)

	b.send(
		lasting(1, time.Second, time.Second, input, 5, "agentgauge.sampled", true),
		lasting(2, 2*time.Second, time.Second, input, 3, "agentgauge.sampled", false),
	)

	require.Equal(t, []string{"5 @+1s " + idsOf(1)}, b.linked())
}

func TestAFailedCommitLinksToNothing(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)
	disk := &failingJournal{}
	b.ledger.journal = disk
	b.send(call(1, input, 5))
	b.linked()

	disk.fail = true
	require.Error(t, b.ConsumeTraces(t.Context(), traces("shop", call(2, input, 3))))

	require.Empty(t, b.linked())
}

func TestExemplarsCanBeSwitchedOff(t *testing.T) {
	b := newBench(t, only(inputTokens), func(c *Config) { c.Exemplars.Enabled = false })

	b.send(call(1, input, 5))

	require.Empty(t, b.linked())
}
