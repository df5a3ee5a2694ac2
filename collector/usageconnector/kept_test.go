// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// home keeps the state of one connector after the other.
type home struct {
	t      testing.TB
	folder string
	hand   *handClock
	change []func(*Config)
}

func newHome(t testing.TB, change ...func(*Config)) *home {
	return &home{t: t, folder: t.TempDir(), hand: &handClock{now: began}, change: change}
}

// start starts a connector on what is in the folder, as a new process would: its own uptime
// begins at zero, and flushes happen when the test says so.
func (h *home) start() *bench {
	h.t.Helper()
	b, err := h.tryStart()
	require.NoError(h.t, err)
	return b
}

func (h *home) tryStart() (*bench, error) {
	h.t.Helper()
	h.hand = &handClock{now: h.hand.now}
	sink := &consumertest.MetricsSink{}
	b := benchOn(h.t, h.hand, sink, append(h.change, func(c *Config) {
		c.InstanceID = ""
		c.Storage.Directory = h.folder
	})...)
	b.sink = sink
	if err := b.storage.open(&b.config.Storage, b.ledger); err != nil {
		return nil, err
	}
	h.t.Cleanup(func() { _ = b.storage.journal.Close() })
	return b, nil
}

// kill leaves the folder as the death of the process would leave it at this moment.
func (h *home) kill(*bench) {
	h.t.Helper()
	copied := h.t.TempDir()
	require.NoError(h.t, os.CopyFS(copied, os.DirFS(h.folder)))
	h.folder = copied
}

// stop ends a connector in order.
func (h *home) stop(b *bench) {
	h.t.Helper()
	require.NoError(h.t, b.storage.close(b.ledger))
}

func (h *home) files(pattern string) []string {
	h.t.Helper()
	found, err := filepath.Glob(filepath.Join(h.folder, pattern))
	require.NoError(h.t, err)
	return found
}

var ends = map[string]func(*home, *bench){"stop": (*home).stop, "kill": (*home).kill}

func TestSumsGoOnAfterARestart(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			h := newHome(t, only(inputTokens, "agentgauge.cost.usd", "gen_ai.client.inference.duration"), bare)
			b := h.start()
			b.send(call(1, input, 5, "agentgauge.cost.input_nanousd", 7))
			before := b.values()
			end(h, b)

			b = h.start()
			require.Equal(t, before, b.values())
			b.send(call(1, input, 5), call(2, input, 3, "agentgauge.cost.input_nanousd", 1))

			require.Equal(t, []string{
				series1 + "8",
				"shop agentgauge.cost.usd{agentgauge.token.type=input,gen_ai.agent.name=unattributed} 8e-09",
				"shop gen_ai.client.inference.duration{gen_ai.agent.name=unattributed} 2/1 [0 2 0 0]",
			}, b.values())
			require.EqualValues(t, 1, b.counter("otelcol_usage_duplicate_spans"))
		})
	}
}

func TestTheInstanceAndTheStartsStay(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			h := newHome(t, only(inputTokens), bare)
			b := h.start()
			b.send(call(1, input, 5))
			require.Equal(t, []string{series1 + "0 @start +0s", series1 + "5 @+15s from +0s"}, b.flushed())
			instance := b.storage.instanceID
			end(h, b)

			h.hand.pass(time.Hour)
			b = h.start()
			b.send(call(2, input, 1, agent, "new"))

			require.Equal(t, instance, b.storage.instanceID)
			require.Equal(t, []string{
				series1 + "5 @+1h0m30s from +0s",
				"shop " + inputTokens + "{gen_ai.agent.name=new} 0 @start +1h0m15s",
				"shop " + inputTokens + "{gen_ai.agent.name=new} 1 @+1h0m30s from +1h0m15s",
			}, b.flushed())
		})
	}
}

func TestTheZeroIsRepeatedOverARestart(t *testing.T) {
	h := newHome(t, only(inputTokens), bare)
	b := h.start()
	b.send(call(1, input, 5))
	b.flushed()
	h.kill(b)

	b = h.start()

	require.Equal(t, []string{series1 + "0 @start +0s", series1 + "5 @+30s from +0s"}, b.flushed())
}

func TestAZeroThatWasNeverSentIsNotOldAfterALongStop(t *testing.T) {
	h := newHome(t, only(inputTokens), bare)
	b := h.start()
	b.send(call(1, input, 5))
	h.kill(b)
	h.hand.pass(3 * time.Hour)
	b = h.start()
	first := b.flushed()
	require.Equal(t, []string{series1 + "0 @start +3h0m0s", series1 + "5 @+3h0m15s from +3h0m0s"}, first)

	h.kill(b)
	require.Equal(t, []string{first[0], series1 + "5 @+3h0m30s from +3h0m0s"}, h.start().flushed())
}

func TestTimestampsDoNotGoBackOverARestart(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			h := newHome(t, only(inputTokens), bare, func(c *Config) { c.ZeroRepeat = 0 })
			b := h.start()
			b.send(call(1, input, 5))
			b.flushed()
			end(h, b)

			h.hand.step(-time.Hour)
			b = h.start()

			require.Equal(t, []string{series1 + "5 @+15.002s from +0s"}, b.flushed())
		})
	}
}

func TestIdsAreKnownInUptimeNotInClockTime(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			h := newHome(t, only(inputTokens), bare)
			b := h.start()
			b.send(call(1, input, 5))
			b.flushed()
			end(h, b)
			h.hand.pass(72 * time.Hour)
			b = h.start()
			b.passQuietly(5 * time.Hour)
			end(h, b)

			b = h.start()
			b.send(call(1, input, 5))

			require.Equal(t, []string{series1 + "5"}, b.values())
		})
	}
}

// passQuietly lets time go by with its flushes.
func (b *bench) passQuietly(d time.Duration) {
	b.t.Helper()
	for range d / (5 * time.Minute) {
		b.hand.pass(5*time.Minute - 15*time.Second)
		b.flushed()
		require.NoError(b.t, b.storage.keep(b.ledger))
	}
}

func TestARefreshedIdStaysKnownOverAKill(t *testing.T) {
	h := newHome(t, only(inputTokens), bare)
	b := h.start()
	for range 4 {
		b.send(call(1, input, 5))
		b.passQuietly(5 * time.Hour)
		h.kill(b)
		b = h.start()
	}

	require.Equal(t, []string{series1 + "5"}, b.values())
}

func TestChaptersOfForgottenIdsAreDropped(t *testing.T) {
	h := newHome(t, only(inputTokens), bare)
	b := h.start()
	for n := range 40 {
		b.send(call(n, input, 1))
		b.passQuietly(time.Hour)
	}

	require.LessOrEqual(t, len(h.files("chapter-*.log")), windowSegments+2)
	h.kill(b)
	require.Equal(t, []string{series1 + "40"}, h.start().values())
}

func TestAChangedConfigurationKeepsWhatItStillHas(t *testing.T) {
	h := newHome(t, only(inputTokens, "agentgauge.wasted.tokens"), bare)
	b := h.start()
	b.send(call(1, input, 5, "agentgauge.outcome", "error"))
	h.kill(b)
	all := h.change

	h.change = append(all, only(inputTokens), func(c *Config) {
		c.Metrics[0].Labels = append(c.Metrics[0].Labels, LabelConfig{Attribute: "team"})
	})
	b = h.start()
	b.send(call(2, input, 1), call(3, input, 1, "team", "red"))
	require.Equal(t, []string{series1 + "6", "shop " + inputTokens + "{gen_ai.agent.name=unattributed,team=red} 1"}, b.values())
	h.stop(b)

	h.change = all
	require.Contains(t, h.start().values(), "shop agentgauge.wasted.tokens{gen_ai.agent.name=unattributed} 5")
}

func TestTheStartSaysWhatIsKept(t *testing.T) {
	tests := []struct {
		cfg  func(*testing.T) StorageConfig
		want string
	}{
		{func(*testing.T) StorageConfig { return StorageConfig{} }, "kept in memory only"},
		{func(t *testing.T) StorageConfig { return StorageConfig{Directory: t.TempDir()} }, "survives the death of the process"},
		{func(t *testing.T) StorageConfig { return StorageConfig{Directory: t.TempDir(), Fsync: true} }, "survives a loss of power"},
	}
	for _, test := range tests {
		b := newBench(t)
		core, said := observer.New(zap.InfoLevel)
		cfg := test.cfg(t)
		require.NoError(t, b.storage.open(&cfg, b.ledger))

		b.storage.tell(zap.New(core))

		require.Len(t, said.All(), 1)
		require.Contains(t, said.All()[0].Message, test.want)
		require.NoError(t, b.storage.close(b.ledger))
	}
}
