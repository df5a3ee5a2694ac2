// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
)

func parse(t testing.TB, text string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	conf, err := confmaptest.LoadConf(path)
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	if err := conf.Unmarshal(config); err != nil {
		return nil, err
	}
	return config, confmap.Validate(config)
}

func TestConfigIsRead(t *testing.T) {
	config, err := parse(t, `
drop_unsampled: true
content: {keep: true}
providers: {"gateway.corp:8000": openai}
prices:
  - {model: "llama-3.1-*", provider: our-gateway, input: 0.10, cached_input: 0.05, output: 0.40, from: "2026-01-01"}
  - {model: "mistral-7b*", per_hour: 1.20}
  - {provider: openai, discount: 0.15}
`)
	require.NoError(t, err)
	require.True(t, config.DropUnsampled)
	require.True(t, config.Content.Keep)
	require.Equal(t, "openai", config.Providers["gateway.corp:8000"])
	own, err := config.Prices[0].compile()
	require.NoError(t, err)
	require.EqualValues(t, 100_000, own.Rates.Input)
	require.EqualValues(t, 50_000, own.Rates.CacheRead)
	require.EqualValues(t, 100_000, own.Rates.CacheWrite)
	require.EqualValues(t, 400_000, own.Rates.Reasoning)
}

func TestConfigStructFollowsTheCollectorsConventions(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
}

func TestErrorsNameTheKey(t *testing.T) {
	tests := []struct{ config, want string }{
		{`droop: true`, "droop"},
		{`content: {kept: true}`, "kept"},
		{`content: {masks: [ok, "("]}`, "content::masks::1: error parsing regexp"},
		{`memory: {window: 0s}`, "memory::window: must be above zero, got 0s"},
		{`memory: {limit: 0}`, "memory::limit: must be at least 1, got 0"},
		{`providers: {"http://x": openai}`, `providers: "http://x" must be host, host:port or *`},
		{`providers: {"x": ""}`, "providers::x: must name a provider"},
		{`prices: [{model: x}]`, "prices::0: needs one of: input and output"},
		{`prices: [{input: 1}]`, "prices::0: output: is needed"},
		{`prices: [{output: 1}]`, "prices::0: input: is needed"},
		{`prices: [{input: -1, output: 1}]`, "prices::0: input: must be USD from 0 to 1000000, got -1"},
		{`prices: [{input: .nan, output: 1}]`, "prices::0: input: must be USD"},
		{`prices: [{input: 1, output: 1, per_hour: 1}]`, "prices::0: needs one of"},
		{`prices: [{discount: 1}, {discount: 15}]`, "prices::1: discount: must be more than 0 and at most 1"},
		{`prices: [{discount: 0.1, from: soon}]`, `prices::0: from: must be a day such as "2026-01-01", got "soon"`},
		{`prices: [{discount: 0.1, model: "[z-a]"}]`, "prices::0: model: "},
	}
	for _, test := range tests {
		t.Run(test.config, func(t *testing.T) {
			_, err := parse(t, test.config)

			require.ErrorContains(t, err, test.want)
		})
	}
}
