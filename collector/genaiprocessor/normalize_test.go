// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

type spanCase struct {
	name  string
	in    map[string]any
	kind  string
	added map[string]any
}

func loadCases(t *testing.T) []spanCase {
	t.Helper()
	conf, err := confmaptest.LoadConf("testdata/spans.yaml")
	require.NoError(t, err)
	var cases []spanCase
	for _, raw := range conf.Get("cases").([]any) {
		c := raw.(map[string]any)
		cases = append(cases, spanCase{
			name:  c["name"].(string),
			in:    c["in"].(map[string]any),
			kind:  c["kind"].(string),
			added: c["added"].(map[string]any),
		})
	}
	return cases
}

func internalSpan(t *testing.T, attributes map[string]any) (ptrace.Traces, ptrace.Span) {
	t.Helper()
	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetKind(ptrace.SpanKindInternal)
	require.NoError(t, span.Attributes().FromRaw(attributes))
	return td, span
}

// widened has YAML's ints in the width that OTLP gives back.
func widened(attributes map[string]any) map[string]any {
	out := map[string]any{}
	for key, v := range attributes {
		switch v := v.(type) {
		case int:
			out[key] = int64(v)
		case []any:
			list := make([]any, len(v))
			for i := range v {
				list[i] = int64(v[i].(int))
			}
			out[key] = list
		default:
			out[key] = v
		}
	}
	return out
}

func TestNormalize(t *testing.T) {
	kinds := map[string]ptrace.SpanKind{"client": ptrace.SpanKindClient, "internal": ptrace.SpanKindInternal}
	for _, c := range loadCases(t) {
		t.Run(c.name, func(t *testing.T) {
			td, span := internalSpan(t, c.in)
			want := widened(c.in)
			maps.Copy(want, widened(c.added))

			normalizeAll(td)

			require.Equal(t, want, span.Attributes().AsRaw())
			require.Equal(t, kinds[c.kind], span.Kind())
		})
	}
}

func TestNormalizingTwiceIsNormalizingOnce(t *testing.T) {
	for _, c := range loadCases(t) {
		t.Run(c.name, func(t *testing.T) {
			td, span := internalSpan(t, c.in)
			normalizeAll(td)
			once := span.Attributes().AsRaw()

			normalizeAll(td)

			require.Equal(t, once, span.Attributes().AsRaw())
		})
	}
}

func TestAChosenKindStays(t *testing.T) {
	td, span := internalSpan(t, map[string]any{"openinference.span.kind": "LLM"})
	span.SetKind(ptrace.SpanKindServer)

	normalizeAll(td)

	require.Equal(t, ptrace.SpanKindServer, span.Kind())
}

func TestAnErrorStatusIsAnErrorOutcome(t *testing.T) {
	td, span := internalSpan(t, map[string]any{"openinference.span.kind": "LLM"})
	span.Status().SetCode(ptrace.StatusCodeError)

	normalizeAll(td)

	got, _ := span.Attributes().Get("agentgauge.outcome")
	require.Equal(t, "error", got.Str())
}
