// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// ownMetric is one of the connector's own metrics, by the text of its first attribute.
func ownMetric(t testing.TB, own *componenttest.Telemetry, name string) map[string]int64 {
	t.Helper()
	m, err := own.GetMetric(name)
	if err != nil {
		return nil
	}
	sum, ok := m.Data.(metricdata.Sum[int64])
	require.True(t, ok, name)
	values := map[string]int64{}
	for _, p := range sum.DataPoints {
		label := ""
		for _, kv := range p.Attributes.ToSlice() {
			label = kv.Value.AsString()
		}
		values[label] += p.Value
	}
	return values
}
