// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func expiring(after time.Duration) func(*Config) {
	return func(c *Config) { c.IdleExpiry, c.ZeroRepeat = after, 0 }
}

func TestAnIdleSeriesEndsWithAStaleMarkerAndIsThenSilent(t *testing.T) {
	b := newBench(t, only(inputTokens, "gen_ai.client.inference.duration"), bare, expiring(time.Minute))
	b.send(call(1, input, 5))
	b.passQuietly(5 * time.Minute)

	var marked int
	for _, m := range b.sink.AllMetrics()[0].ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		if m.Type() == pmetric.MetricTypeHistogram {
			p := m.Histogram().DataPoints().At(0)
			require.True(t, p.Flags().NoRecordedValue())
			require.Equal(t, p.ExplicitBounds().Len()+1, p.BucketCounts().Len())
		} else {
			require.True(t, m.Sum().DataPoints().At(0).Flags().NoRecordedValue())
		}
		marked++
	}
	require.Equal(t, 2, marked)
	require.Empty(t, b.flushed())
	require.EqualValues(t, 2, b.counter("otelcol_usage_series_idle"))
	require.Zero(t, b.counter("otelcol_usage_series"))
}

func TestARevivedSeriesFirstSendsItsOldValueAtThePreviousFlush(t *testing.T) {
	for _, end := range ends {
		h := newHome(t, only(inputTokens), bare, expiring(time.Minute))
		b := h.start()
		b.send(call(1, input, 5))
		b.passQuietly(10 * time.Minute)
		b.send(call(2, input, 2))
		end(h, b)

		want := []string{series1 + "5 @+10m0s from +0s", series1 + "7 @+10m15s from +0s"}
		require.Equal(t, want, h.start().flushed())
	}
}

func TestAnOldValueComesAfterTheStaleMarker(t *testing.T) {
	b := newBench(t, only(inputTokens), bare, expiring(time.Minute))
	b.send(call(1, input, 5))
	b.passQuietly(5 * time.Minute)
	b.send(call(2, input, 2))

	require.Equal(t, []string{series1 + "5 @+5m0.001s from +0s", series1 + "7 @+5m15s from +0s"}, b.flushed())
}

func TestAnIdleSeriesMakesRoomUnderTheLimit(t *testing.T) {
	h := newHome(t, only(inputTokens), bare, expiring(time.Minute), func(c *Config) { c.SeriesLimit = 2 })
	b := h.start()
	for n := range 6 {
		b.send(call(n, input, 1, agent, fmt.Sprint("agent-", n)))
		b.passQuietly(5 * time.Minute)
	}

	require.EqualValues(t, 2, b.counter("otelcol_usage_series_idle"))
	require.EqualValues(t, 4, b.counter("otelcol_usage_series_forgotten"))
	require.Zero(t, b.counter("otelcol_usage_overflow_values"))
	h.kill(b)
	b = h.start()
	b.send(call(6, input, 1, agent, "agent-5"))
	require.Equal(t, "shop "+inputTokens+"{gen_ai.agent.name=agent-5} 2", b.values()[1])
}

func TestAFailedCommitLeavesAnIdleSeriesIdle(t *testing.T) {
	b := newBench(t, only(inputTokens), bare, expiring(time.Minute))
	b.send(call(1, input, 5))
	b.passQuietly(5 * time.Minute)
	disk := &failingJournal{fail: true}
	b.ledger.journal = disk

	require.Error(t, b.ConsumeTraces(t.Context(), traces("shop", call(2, input, 2))))
	require.Empty(t, b.flushed())

	disk.fail = false
	b.send(call(2, input, 2))
	require.Equal(t, series1+"7", b.values()[1])
}

// A series that was forgotten and came back is another one; the folder may still hold both.
func TestASeriesThatCameBackAfterItWasForgottenGoesOnOverARestart(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			h := newHome(t, only(inputTokens), bare, expiring(time.Minute), func(c *Config) { c.SeriesLimit = 2 })
			b := h.start()
			for n := range 6 {
				b.send(call(n, input, 1, agent, fmt.Sprint("agent-", n)))
				b.passQuietly(5 * time.Minute)
			}
			b.send(call(6, input, 10, agent, "agent-0"))
			require.Equal(t, []string{"shop " + inputTokens + "{gen_ai.agent.name=agent-0} 10"}, b.values())
			end(h, b)
			b = h.start()

			b.send(call(7, input, 100, agent, "agent-0"))

			require.Equal(t, []string{"shop " + inputTokens + "{gen_ai.agent.name=agent-0} 110"}, b.values())
		})
	}
}

// As after a step back of the clock, when flushes are a millisecond apart.
func TestNoTimestampHasTwoValues(t *testing.T) {
	b := newBench(t, only(inputTokens), bare, func(c *Config) { c.IdleExpiry = time.Minute })
	b.send(call(1, input, 5))
	b.passQuietly(5 * time.Minute)
	b.hand.step(-time.Hour)
	b.send(call(2, input, 2))
	require.Equal(t, []string{series1 + "7 @+5m0.001s from +0s"}, b.flushed())

	require.Equal(t, []string{series1 + "7 @+5m0.002s from +0s"}, b.flushed())
}
