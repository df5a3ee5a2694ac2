// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// graph adds up what series rise by, as whoever reads their raw samples does.
type graph struct {
	t     *testing.T
	last  map[string]int64
	at    map[string]time.Time
	ended map[string]bool
	rise  int64
}

func (g *graph) look(all []pmetric.Metrics) {
	for _, md := range all {
		for _, rm := range md.ResourceMetrics().All() {
			service, _ := rm.Resource().Attributes().Get("service.name")
			for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
				for _, p := range m.Sum().DataPoints().All() {
					g.see(service.Str()+labelText(p.Attributes()), p)
				}
			}
		}
	}
}

func (g *graph) see(series string, p pmetric.NumberDataPoint) {
	g.t.Helper()
	before, known := g.last[series]
	switch {
	case p.Flags().NoRecordedValue():
		g.ended[series] = true
		return
	case !p.Timestamp().AsTime().After(g.at[series]):
		return // a repeat
	case !known:
		require.Zero(g.t, p.IntValue(), "%s begins", series)
	case g.ended[series]: // it goes on from where it was, or begins again
	case p.IntValue() >= before:
		g.rise += p.IntValue() - before
	default:
		require.Fail(g.t, "falls", "%s from %d to %d", series, before, p.IntValue())
	}
	g.last[series], g.at[series], g.ended[series] = p.IntValue(), p.Timestamp().AsTime(), false
}

// TestWhatSeriesRiseByIsWhatWasCounted goes past the limits, lets series end, be forgotten and come
// back, and kills the connector between.
func TestWhatSeriesRiseByIsWhatWasCounted(t *testing.T) {
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 5))
		series, resources := 1+random.IntN(5), 1+random.IntN(4)
		h := newHome(t, only(inputTokens), bare, func(c *Config) {
			c.IdleExpiry, c.SeriesLimit, c.ResourceLimit = time.Hour, series, resources
		})
		b, n, sent := h.start(), 0, int64(0)
		g := &graph{t: t, last: map[string]int64{}, at: map[string]time.Time{}, ended: map[string]bool{}}
		flush := func(after time.Duration) {
			b.hand.pass(after)
			b.sink.Reset()
			require.NoError(t, b.flush(t.Context()))
			g.look(b.sink.AllMetrics())
		}
		for range 60 {
			switch random.IntN(8) {
			case 0, 1, 2, 3:
				batch := make([]func(ptrace.Span), 1+random.IntN(4))
				for i := range batch {
					n++
					sent += int64(n)
					batch[i] = call(n, input, n, agent, fmt.Sprint("agent-", random.IntN(9)))
				}
				require.NoError(t, b.ConsumeTraces(t.Context(), traces(fmt.Sprint("service-", random.IntN(4)), batch...)))
			case 4, 5:
				for range random.IntN(20) {
					flush(5 * time.Minute)
				}
			case 6:
				require.NoError(t, b.storage.checkpoint(b.ledger))
			case 7:
				h.kill(b)
				b = h.start()
			}
		}
		flush(time.Minute)
		require.Equal(t, sent, g.rise, "seed %d", seed)
	}
}
