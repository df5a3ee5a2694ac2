// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/agentgauge/agentgauge/collector/usageconnector/internal/metadata"
)

func newFromFactory(t *testing.T) component.Component {
	t.Helper()
	next := connector.NewMetricsRouter(map[pipeline.ID]consumer.Metrics{
		pipeline.NewID(pipeline.SignalMetrics): consumertest.NewNop(),
	})
	c, err := NewFactory().CreateTracesToMetrics(t.Context(), connectortest.NewNopSettings(metadata.Type), loadConfig(t, "contract.yaml"), next)
	require.NoError(t, err)
	return c
}

func TestLifecycle(t *testing.T) {
	for range 2 {
		c := newFromFactory(t)
		require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
		require.NoError(t, c.Shutdown(t.Context()))
	}
}

func TestShutdownWithoutStart(t *testing.T) {
	require.NoError(t, newFromFactory(t).Shutdown(t.Context()))
}

func TestMetadataYamlNamesTheOwnMetrics(t *testing.T) {
	conf, err := confmaptest.LoadConf("metadata.yaml")
	require.NoError(t, err)
	documented, err := conf.Sub("telemetry::metrics")
	require.NoError(t, err)
	b := newHome(t, only(inputTokens), bare, func(c *Config) { c.SeriesLimit = 1 }).start()
	b.send(call(1, input, 1, agent, "a"), call(2, input, 1, agent, "b"), call(3, input, -1))
	b.flushed()

	for name := range documented.ToStringMap() {
		m, err := b.own.GetMetric("otelcol_" + name)
		require.NoError(t, err)
		description, err := conf.Sub("telemetry::metrics::" + name)
		require.NoError(t, err)
		require.Equal(t, description.Get("description"), m.Description)
		require.Equal(t, description.Get("unit"), m.Unit)
	}
	require.Equal(t, conf.Get("type"), NewFactory().Type().String())
}
