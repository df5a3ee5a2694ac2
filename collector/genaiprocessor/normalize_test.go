// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/metadata"
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
			added: withCost(c["added"].(map[string]any), c["nanousd"]),
		})
	}
	return cases
}

// withCost adds the cost of a call, [input, output], or that it has none.
func withCost(added map[string]any, nanousd any) map[string]any {
	if sides, priced := nanousd.([]any); priced {
		input, output := sides[0].(int), sides[1].(int)
		added["agentgauge.cost.input_nanousd"], added["agentgauge.cost.output_nanousd"] = input, output
		added["agentgauge.cost.nanousd"], added["agentgauge.cost.usd"] = input+output, float64(input+output)/1e9
		added["agentgauge.cost.source"] = "collector"
	} else if _, call := added["agentgauge.usage.source"]; call {
		added["agentgauge.cost.source"] = "unpriced"
	}
	return added
}

func made(t testing.TB, config Config) *genaiProcessor {
	t.Helper()
	if config.Memory == (MemoryConfig{}) {
		config.Memory = createDefaultConfig().(*Config).Memory
	}
	p, err := newProcessor(componenttest.NewNopTelemetrySettings(), component.NewID(metadata.Type), &config)
	require.NoError(t, err)
	return p
}

// normalizeAll keeps content, so that a case says only what is added.
func normalizeAll(t testing.TB, td ptrace.Traces) {
	t.Helper()
	_, err := made(t, Config{Content: ContentConfig{Keep: true}}).process(t.Context(), td)
	require.NoError(t, err)
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
				list[i] = v[i]
				if n, is := v[i].(int); is {
					list[i] = int64(n)
				}
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

			normalizeAll(t, td)

			require.Equal(t, want, span.Attributes().AsRaw())
			require.Equal(t, kinds[c.kind], span.Kind())
		})
	}
}

func TestNormalizingTwiceIsNormalizingOnce(t *testing.T) {
	for _, c := range loadCases(t) {
		t.Run(c.name, func(t *testing.T) {
			td, span := internalSpan(t, c.in)
			normalizeAll(t, td)
			once := span.Attributes().AsRaw()

			normalizeAll(t, td)

			require.Equal(t, once, span.Attributes().AsRaw())
		})
	}
}

func TestAChosenKindStays(t *testing.T) {
	td, span := internalSpan(t, map[string]any{"openinference.span.kind": "LLM"})
	span.SetKind(ptrace.SpanKindServer)

	normalizeAll(t, td)

	require.Equal(t, ptrace.SpanKindServer, span.Kind())
}

func TestAnErrorStatusIsAnErrorOutcome(t *testing.T) {
	td, span := internalSpan(t, map[string]any{"openinference.span.kind": "LLM"})
	span.Status().SetCode(ptrace.StatusCodeError)

	normalizeAll(t, td)

	got, _ := span.Attributes().Get("agentgauge.outcome")
	require.Equal(t, "error", got.Str())
}
