// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// BenchmarkProcess reports the time of one span in requests of 512: foreign calls of 34 attributes
// that are mapped and priced, and the same once more, as they are when a Collector got them before.
func BenchmarkProcess(b *testing.B) {
	foreign := ptrace.NewTraces()
	spans := foreign.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for n := range 512 {
		attributes := map[string]any{
			"openinference.span.kind": "LLM", "llm.provider": "openai", "llm.model_name": "gpt-4o-mini",
			"llm.token_count.prompt": 1000 + n, "llm.token_count.completion": 100, "input.value": "text", "output.value": "text",
		}
		for i := len(attributes); i < 34; i++ {
			attributes[fmt.Sprint("llm.other.", i)] = "value"
		}
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{1})
		span.SetSpanID(pcommon.SpanID{byte(n), byte(n >> 8), 1})
		require.NoError(b, span.Attributes().FromRaw(attributes))
	}
	b.Run("foreign", func(b *testing.B) { benchmarkProcess(b, foreign) })
	p := made(b, Config{})
	_, err := p.process(b.Context(), foreign)
	require.NoError(b, err)
	b.Run("mapped", func(b *testing.B) { benchmarkProcess(b, foreign) })
}

func benchmarkProcess(b *testing.B, from ptrace.Traces) {
	p := made(b, Config{})
	var used int64
	for b.Loop() {
		td := ptrace.NewTraces()
		from.CopyTo(td)
		before := cpuNs(b)
		if _, err := p.process(b.Context(), td); err != nil {
			b.Fatal(err)
		}
		used += cpuNs(b) - before
	}
	b.ReportMetric(float64(b.N)*float64(from.SpanCount())*1e9/float64(used), "spans/CPU-s")
}

func cpuNs(b *testing.B) int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
