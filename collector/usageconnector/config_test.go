// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
)

func TestConfigIsRead(t *testing.T) {
	cfg := loadConfig(t, "contract.yaml")

	require.NoError(t, confmap.Validate(cfg))
	require.Equal(t, "collector-1", cfg.InstanceID)
	require.Equal(t, 15*time.Second, cfg.FlushInterval)
	require.InEpsilon(t, 1e-9, cfg.Metrics[2].Scale, 1e-15)
	require.Equal(t, "agentgauge.tool.names", cfg.Metrics[8].FanOut.Names)
}

func TestConfigStructFollowsTheCollectorsConventions(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
}

func TestErrorsNameTheKey(t *testing.T) {
	metric := func(change func(*MetricConfig)) func(*Config) {
		return func(c *Config) { change(&c.Metrics[0]) }
	}
	yes := true
	tests := []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Metrics = nil }, "metrics: at least one metric is needed"},
		{func(c *Config) { c.Metrics[1].Name = c.Metrics[0].Name }, "metrics::1: name: \"" + inputTokens + "\" is already the name of metrics::0"},
		{func(c *Config) { c.FlushInterval = 0 }, "flush_interval: must be at least 10ms, got 0s"},
		{func(c *Config) { c.DedupeWindow = -1 }, "dedupe_window: must be at least 1s, got -1ns"},
		{func(c *Config) { c.ZeroRepeat = -1 }, "zero_repeat: must be at least 0s, got -1ns"},
		{func(c *Config) { c.DedupeLimit = 5 }, "dedupe_limit: must be at least 1000, got 5"},
		{func(c *Config) { c.IdleExpiry = -1 }, "idle_expiry: must be at least 0s, got -1ns"},
		{func(c *Config) { c.Delivery.Mark = "" }, "delivery::mark: must name an attribute"},
		{func(c *Config) { c.WithoutUsage.Kinds = []string{"klient"} }, "without_usage: kinds::0: must be one of"},
		{func(c *Config) { c.SeriesLimit = 0 }, "series_limit: must be at least 1, got 0"},
		{func(c *Config) { c.ResourceLimit = 0 }, "resource_limit: must be at least 1, got 0"},
		{func(c *Config) { c.LabelMaxBytes = 1 }, "label_max_bytes: must be at least 8, got 1"},
		{func(c *Config) { c.ResourceLabels[0].Attribute = "" }, "resource_labels::0: attribute: must not be empty"},
		{func(c *Config) { c.ResourceLabels[0].Attribute = "service.instance.id" }, "resource_labels::0: attribute: \"service.instance.id\" is set by instance_id"},
		{func(c *Config) { c.ResourceLabels[0].Attribute = c.ResourceLabels[1].Attribute }, "resource_labels::1: attribute: \"deployment.environment.name\" is listed twice"},
		{metric(func(m *MetricConfig) { m.Name = "" }), "metrics::0: name: must not be empty"},
		{metric(func(m *MetricConfig) { m.Type = "gauge" }), "metrics::0: type: must be counter or histogram, got \"gauge\""},
		{metric(func(m *MetricConfig) { m.Type = "histogram" }), "metrics::0: buckets: a histogram needs at least one bound"},
		{metric(func(m *MetricConfig) { m.Buckets = []float64{1} }), "metrics::0: buckets: only a histogram has them"},
		{metric(func(m *MetricConfig) { m.Type, m.Buckets = "histogram", []float64{1, 1} }), "metrics::0: buckets::1: bounds must be finite and rise, got 1"},
		{metric(func(m *MetricConfig) { m.Type, m.Buckets, m.Scale = "histogram", []float64{1}, 2 }), "metrics::0: scale: a histogram has none"},
		{metric(func(m *MetricConfig) { m.Scale = -1 }), "metrics::0: scale: must be a finite number above zero, got -1"},
		{metric(func(m *MetricConfig) { m.Values = nil }), "metrics::0: values: at least one value is needed"},
		{metric(func(m *MetricConfig) { m.Values[0].Constant = 1 }), "metrics::0::values::0: attribute: exactly one of attribute, constant, duration is needed, got 2"},
		{metric(func(m *MetricConfig) { m.Values[0] = ValueConfig{Constant: -1} }), "metrics::0::values::0: constant: must be above zero, got -1"},
		{metric(func(m *MetricConfig) { m.Values[0] = ValueConfig{Constant: 1, Positive: true} }), "metrics::0::values::0: positive: needs an attribute"},
		{metric(func(m *MetricConfig) { m.Values[0].Labels = map[string]string{"gen_ai_agent.name": "x"} }), "metrics::0: values::0: labels: \"gen_ai_agent.name\" is already the label of labels::0"},
		{metric(func(m *MetricConfig) { m.Labels[1].Label = "gen_ai.agent_name" }), "metrics::0: labels::1: label: \"gen_ai.agent_name\" is already the label of labels::0"},
		{metric(func(m *MetricConfig) { m.Labels[0].Label = "otel.metric.overflow" }), "metrics::0: labels::0: label: \"otel.metric.overflow\" is already the label of the overflow series"},
		{metric(func(m *MetricConfig) { m.Labels[0].Attribute = "" }), "metrics::0::labels::0: attribute: must not be empty"},
		{metric(func(m *MetricConfig) { m.Labels[0].As = "upper" }), "metrics::0::labels::0: as: must be empty, positive or end_month, got \"upper\""},
		{metric(func(m *MetricConfig) { m.Labels[0] = LabelConfig{As: asEndMonth} }), "metrics::0::labels::0: label: must not be empty with as: end_month"},
		{metric(func(m *MetricConfig) { m.FanOut = &FanOutConfig{Label: "x"} }), "metrics::0::fan_out: names: must not be empty"},
		{metric(func(m *MetricConfig) { m.FanOut = &FanOutConfig{Names: "x"} }), "metrics::0::fan_out: label: must not be empty"},
		{metric(func(m *MetricConfig) { m.FanOut = &FanOutConfig{Names: "x", Label: "y", Limit: -1} }), "metrics::0::fan_out: limit: must be above zero"},
		{metric(func(m *MetricConfig) {
			m.FanOut = &FanOutConfig{Names: "x", Label: "y"}
			m.Values[0] = ValueConfig{Duration: true}
		}), "metrics::0: values::0: duration: is not a list"},
		{metric(func(m *MetricConfig) { m.Filter.Kinds = []string{"klient"} }), "metrics::0::filter: kinds::0: must be one of unspecified, internal, server, client, producer, consumer, got \"klient\""},
		{metric(func(m *MetricConfig) { m.Filter.ArrivedAfter = -1 }), "metrics::0::filter: arrived_after: must not be negative"},
		{metric(func(m *MetricConfig) { m.Filter.Attributes[0].Attribute = "" }), "metrics::0::filter::attributes::0: attribute: must not be empty"},
		{metric(func(m *MetricConfig) { m.Filter.Attributes[0].Exists = &yes }), "metrics::0::filter::attributes::0: equals: exactly one of equals, in, exists is needed for \"gen_ai.operation.name\", got 2"},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			cfg := loadConfig(t, "contract.yaml")
			test.change(cfg)

			require.ErrorContains(t, confmap.Validate(cfg), test.want)
		})
	}
}
