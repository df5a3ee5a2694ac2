// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// BenchmarkConsume reports the time of one span in requests of 512, ten metrics, 34 attributes.
func BenchmarkConsume(b *testing.B) {
	const spans = 512
	c := newBench(b)
	td := traces("shop")
	for n := range spans {
		full(n)(td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty())
	}
	all := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	b.ReportAllocs()
	requests := 0
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
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(requests*spans), "ns/span")
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
