// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/metadata"
)

func TestItsOwnMetricsSayWhatWasDone(t *testing.T) {
	own := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, own.Shutdown(context.Background())) })
	p, err := newProcessor(own.NewTelemetrySettings(), component.NewIDWithName(metadata.Type, "traces"), &Config{DropUnsampled: true})
	require.NoError(t, err)
	priced := request(7)
	priced["llm.provider"], priced["llm.model_name"], priced["input.value"] = "openai", "gpt-4o-mini", "secret"
	td, _ := tree(t,
		node{1, 0, priced}, node{2, 0, request(7)}, node{3, 0, request(7)}, node{4, 3, request(7)},
		node{5, 0, map[string]any{sampledName: false}},
	)
	_, err = p.process(t.Context(), td)
	require.NoError(t, err)

	for name, want := range map[string]int64{
		"otelcol_genai_mapped_spans": 4, "otelcol_genai_priced_calls": 1, "otelcol_genai_unpriced_calls": 2,
		"otelcol_genai_counted_elsewhere_spans": 1, "otelcol_genai_removed_content_values": 1, "otelcol_genai_dropped_spans": 1,
	} {
		m, err := own.GetMetric(name)
		require.NoError(t, err)
		point := m.Data.(metricdata.Sum[int64]).DataPoints[0]
		require.Equal(t, want, point.Value, name)
		instance, _ := point.Attributes.Value("processor")
		require.Equal(t, "genai/traces", instance.AsString())
	}
}
