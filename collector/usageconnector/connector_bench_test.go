// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// BenchmarkConsume reports the time of one span in requests of 512 with the generated configuration
// and spans of 34 attributes, three tools each: in memory, with a journal, and with fsync.
func BenchmarkConsume(b *testing.B) {
	for _, kept := range []string{"memory", "journal", "fsync"} {
		b.Run(kept, func(b *testing.B) { benchmarkConsume(b, kept, 512) })
	}
}

// BenchmarkSmallRequests is the same for requests of 8 spans.
func BenchmarkSmallRequests(b *testing.B) {
	for _, kept := range []string{"memory", "journal"} {
		b.Run(kept, func(b *testing.B) { benchmarkConsume(b, kept, 8) })
	}
}

func benchmarkConsume(b *testing.B, kept string, spans int) {
	c := newBench(b, generated(b), func(cfg *Config) {
		cfg.InstanceID = "collector-1"
		if kept != "memory" {
			cfg.Storage = StorageConfig{Directory: b.TempDir(), Fsync: kept == "fsync"}
		}
	})
	if err := c.storage.open(&c.config.Storage, c.ledger); err != nil {
		b.Fatal(err)
	}
	td := traces("shop")
	for n := range spans {
		full(n)(td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty())
	}
	all := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	b.ReportAllocs()
	requests, before := 0, cpuTime(b)
	for b.Loop() {
		for i := range spans {
			id := [8]byte{1}
			binary.BigEndian.PutUint32(id[4:], uint32(requests))
			all.At(i).SetSpanID(id)
		}
		if err := c.ConsumeTraces(context.Background(), td); err != nil {
			b.Fatal(err)
		}
		requests++
	}
	counted := float64(requests * spans)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/counted, "ns/span")
	b.ReportMetric(counted/(cpuTime(b)-before).Seconds(), "spans/cpu-s")
	if kept != "memory" {
		b.ReportMetric(float64(c.storage.size())/counted, "B/span")
		if err := c.storage.close(c.ledger); err != nil {
			b.Fatal(err)
		}
	}
}

// generated is the usage connector's part of the Collector's generated configuration.
func generated(t testing.TB) func(*Config) {
	t.Helper()
	conf, err := confmaptest.LoadConf("../config.yaml")
	require.NoError(t, err)
	sub, err := conf.Sub("connectors::usage")
	require.NoError(t, err)
	raw := sub.ToStringMap()
	for _, key := range []string{"storage", "flush_interval", "series_limit"} {
		delete(raw, key) // they name variables
	}
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(raw).Unmarshal(cfg))
	return func(c *Config) { *c = *cfg }
}

// cpuTime is the processor time of this process.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var used syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func full(n int) func(ptrace.Span) {
	attributes := []any{
		agent, fmt.Sprint("agent-", n%10), "agentgauge.agent.role", "responder",
		"gen_ai.provider.name", "openai", "gen_ai.request.model", fmt.Sprint("model-", n%3),
		input, 1_000 + n, "gen_ai.usage.output_tokens", 50,
		"agentgauge.cost.nanousd", 900, "agentgauge.cost.input_nanousd", 500, "agentgauge.cost.output_nanousd", 400,
		"agentgauge.usage.source", "provider", "agentgauge.outcome", "ok",
		"agentgauge.tool.names", []string{"search", "mail", "files"},
		"agentgauge.tool.definition_tokens", []int{40, 50, 60},
		"agentgauge.tool.new_result_tokens", []int{0, 9, 0},
		"agentgauge.tool.call_tokens", []int{0, 7, 0},
	}
	for i := len(attributes) / 2; i < 33; i++ {
		attributes = append(attributes, fmt.Sprint("other.attribute.", i), "some text that nobody counts")
	}
	return call(n, attributes...)
}

// BenchmarkFlush reports one flush of 10,000 series with their zero points.
func BenchmarkFlush(b *testing.B) {
	c := newBench(b, only(inputTokens), func(cfg *Config) { cfg.SeriesLimit = 10_000 })
	for n := range 10_000 {
		c.send(call(n, input, 1, agent, fmt.Sprint("agent-", n)))
	}
	for b.Loop() {
		c.sink.Reset()
		if err := c.flush(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWindow reports the memory of a million span ids.
func BenchmarkWindow(b *testing.B) {
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		w := newWindow(6*time.Hour, 4_000_000)
		for n := range 1_000_000 {
			var id spanID
			binary.BigEndian.PutUint64(id[:], uint64(n)*0x9E3779B97F4A7C15)
			if w.due(0) {
				w.open(0, began)
			}
			w.add(id, 0)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB/million-ids")
		runtime.KeepAlive(w)
	}
}

// BenchmarkRestore reports a start after a kill with a million ids in the journal, in requests of
// 512, and 10,000 series.
func BenchmarkRestore(b *testing.B) {
	h := newHome(b, only(inputTokens), bare)
	c := h.start()
	for n := range 10_000 {
		c.send(call(n, input, 1, agent, fmt.Sprint("agent-", n)))
	}
	td := traces("shop")
	all := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for n := range 512 {
		call(n, input, 1, agent, fmt.Sprint("agent-", n))(all.AppendEmpty())
	}
	for request := range 1_000_000 / 512 {
		for i := range 512 {
			id := [8]byte{2}
			binary.BigEndian.PutUint32(id[4:], uint32(request))
			all.At(i).SetSpanID(id)
		}
		if err := c.ConsumeTraces(context.Background(), td); err != nil {
			b.Fatal(err)
		}
	}
	h.kill(c)
	for b.Loop() {
		if err := h.start().storage.journal.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
