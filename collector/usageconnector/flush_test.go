// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

const series1 = "shop " + inputTokens + "{gen_ai.agent.name=unattributed} "

func TestAFirstValueComesWithAZeroAtThePreviousFlush(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)
	require.Empty(t, b.flushed())

	b.send(call(1, input, 5))

	require.Equal(t, []string{series1 + "0 @start +15s", series1 + "5 @+30s from +15s"}, b.flushed())
}

func TestTheZeroIsRepeatedForTenMinutes(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)
	b.send(call(1, input, 5))
	zeros := 0
	for range 60 {
		if len(b.flushed()) == 2 {
			zeros++
		}
	}
	require.Equal(t, 41, zeros, "the first flush and those of 10 minutes after it")
}

func TestASeriesWithoutNewsIsSentAgainWithItsStart(t *testing.T) {
	b := newBench(t, only(inputTokens), bare, func(c *Config) { c.ZeroRepeat = 0 })
	b.send(call(1, input, 5))
	b.flushed()

	require.Equal(t, []string{series1 + "5 @+30s from +0s"}, b.flushed())
}

func TestTheZeroComesEvenAfterASuspendAndIsNotOld(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)
	b.send(call(1, input, 5))
	b.hand.pass(time.Hour)

	require.Equal(t, []string{series1 + "0 @start +1h0m0s", series1 + "5 @+1h0m15s from +1h0m0s"}, b.flushed())
}

func TestTimestampsNeverGoBack(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)
	b.send(call(1, input, 5))
	b.flushed()

	b.hand.step(-time.Hour)

	require.Contains(t, b.flushed(), series1+"5 @+15.001s from +0s")
}

func TestARequestHasAtMostAThousandPoints(t *testing.T) {
	b := newBench(t, only(inputTokens), bare, func(c *Config) { c.ZeroRepeat = 0 })
	for n := range 1_701 {
		b.send(call(n, input, 1, agent, fmt.Sprint("agent-", n)))
	}

	require.Len(t, b.flushed(), 2*1_701)
	require.Equal(t, []int{1_000, 1_000, 1_000, 402}, pointCounts(b.sink))

	require.Len(t, b.flushed(), 1_701)
	require.Equal(t, []int{1_000, 701}, pointCounts(b.sink))
}

func pointCounts(sink *consumertest.MetricsSink) []int {
	var sizes []int
	for _, md := range sink.AllMetrics() {
		sizes = append(sizes, md.DataPointCount())
	}
	return sizes
}

func TestNoMetricIsEmpty(t *testing.T) {
	b := newBench(t)
	b.send(call(1, input, 1))
	b.flushed()

	for _, rm := range b.sink.AllMetrics()[0].ResourceMetrics().All() {
		for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
			require.NotZero(t, metricLines("", m), m.Name())
		}
	}
}

func TestNothingIsSentBeforeAnythingWasCounted(t *testing.T) {
	b := newBench(t)

	b.flushed()

	require.Empty(t, b.sink.AllMetrics())
	require.EqualValues(t, 1, b.counter("otelcol_usage_heartbeat"))
}

// refusing refuses one request.
func refusing(t *testing.T, which int, sink *consumertest.MetricsSink) consumer.Metrics {
	t.Helper()
	requests := 0
	next, err := consumer.NewMetrics(func(ctx context.Context, md pmetric.Metrics) error {
		requests++
		if requests == which {
			return errors.New("full")
		}
		return sink.ConsumeMetrics(ctx, md)
	})
	require.NoError(t, err)
	return next
}

func TestARefusedRequestKeepsBackNoOtherAndHealsAtTheNextFlush(t *testing.T) {
	sink := &consumertest.MetricsSink{}
	b := benchWith(t, refusing(t, 1, sink), only(inputTokens), bare)
	for n := range 600 {
		b.send(call(n, input, 1, agent, fmt.Sprint("agent-", n)))
	}

	require.ErrorContains(t, b.flush(t.Context()), "sending 1000 points: full")
	require.Equal(t, 200, sink.DataPointCount())
	require.EqualValues(t, 1_000, b.counter("otelcol_usage_flush_refused_points"))

	sink.Reset()
	require.NoError(t, b.flush(t.Context()))
	require.Equal(t, 1_200, sink.DataPointCount())
}

func TestShutdownSendsWhatWasCounted(t *testing.T) {
	b := newBench(t, only(inputTokens), bare)
	require.NoError(t, b.Start(t.Context(), componenttest.NewNopHost()))
	b.send(call(1, input, 5))
	b.hand.pass(time.Second)

	require.NoError(t, b.Shutdown(t.Context()))

	require.Equal(t, []string{series1 + "0 @start +0s", series1 + "5 @+1s from +0s"}, lines(b.sink.AllMetrics()))
}

func TestFlushesComeByThemselves(t *testing.T) {
	b := newBench(t, only(inputTokens), func(c *Config) { c.FlushInterval = 10 * time.Millisecond })
	require.NoError(t, b.Start(t.Context(), componenttest.NewNopHost()))
	b.send(call(1, input, 5))

	require.Eventually(t, func() bool { return len(b.sink.AllMetrics()) >= 2 }, 5*time.Second, time.Millisecond)

	require.NoError(t, b.Shutdown(t.Context()))
}

func TestShutdownEndsABlockedFlush(t *testing.T) {
	entered := make(chan struct{}, 2)
	next, err := consumer.NewMetrics(func(ctx context.Context, _ pmetric.Metrics) error {
		entered <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	require.NoError(t, err)
	b := benchWith(t, next, only(inputTokens), func(c *Config) { c.FlushInterval = 10 * time.Millisecond })
	require.NoError(t, b.Start(t.Context(), componenttest.NewNopHost()))
	b.send(call(1, input, 5))
	<-entered

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()

	require.ErrorIs(t, b.Shutdown(ctx), context.DeadlineExceeded)
}
