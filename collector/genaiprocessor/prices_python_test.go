// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/pricing"
)

// quote is one line of what agentgauge's SDK says, written by tests/conformance/test_collector_prices.py.
type quote struct {
	// A host, and who serves it; otherwise a call.
	Host     *string `json:"host"`
	Port     int64   `json:"port"`
	Path     string  `json:"path"`
	Provider string  `json:"provider"`

	Model    string     `json:"model"`
	Response string     `json:"response"`
	Tier     string     `json:"tier"`
	Audio    bool       `json:"audio"`
	AtNs     int64      `json:"at_ns"`
	Duration int64      `json:"duration_ns"`
	Own      string     `json:"own"`
	Usages   [][6]int64 `json:"usages"`
	Nanousd  [][2]int64 `json:"nanousd"`
}

// TestPricesAreThoseOfTheSDK reads the file that AGENTGAUGE_QUOTES names; the Python test that
// writes it runs this one and counts its lines.
func TestPricesAreThoseOfTheSDK(t *testing.T) {
	path := os.Getenv("AGENTGAUGE_QUOTES")
	if path == "" {
		t.Skip("run by tests/conformance/test_collector_prices.py")
	}
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	require.True(t, lines.Scan())
	lists := ownLists(t, lines.Text())
	compared, wrong := 0, 0
	for lines.Scan() {
		var q quote
		require.NoError(t, json.Unmarshal(lines.Bytes(), &q))
		compared++
		if got, want := q.ours(lists), q.theirs(); got != want && wrong < 20 {
			wrong++
			t.Errorf("%s\n  ours %s", lines.Text(), got)
		}
	}
	require.NoError(t, lines.Err())
	t.Logf("compared %d", compared)
}

// ownLists reads {name: YAML of the processor's configuration}.
func ownLists(t *testing.T, line string) map[string]pricing.List {
	var texts map[string]string
	require.NoError(t, json.Unmarshal([]byte(line), &texts))
	lists := map[string]pricing.List{"": {}}
	for name, text := range texts {
		config, err := parse(t, text)
		require.NoError(t, err)
		lists[name], err = config.list()
		require.NoError(t, err)
	}
	return lists
}

func (q *quote) theirs() string {
	if q.Host != nil {
		return q.Provider
	}
	if q.Nanousd == nil {
		return "unpriced"
	}
	text, _ := json.Marshal(q.Nanousd)
	return string(text)
}

func (q *quote) ours(lists map[string]pricing.List) string {
	if q.Host != nil {
		return pricing.Hosts{}.Provider(*q.Host, q.Port, q.Path)
	}
	price, found := lists[q.Own].Price(pricing.Call{
		Provider: q.Provider, RequestModel: q.Model, ResponseModel: q.Response, ServiceTier: q.Tier,
		HasAudio: q.Audio, StartNs: q.AtNs, DurationNs: q.Duration,
	})
	if !found {
		return "unpriced"
	}
	costs := [][2]int64{}
	for _, u := range q.Usages {
		cost, _ := price.Of(pricing.Usage{Input: u[0], Output: u[1], CacheRead: u[2], CacheWrite: u[3], Reasoning: u[4], CacheWrite1h: u[5]})
		costs = append(costs, [2]int64{cost.Input, cost.Output})
	}
	text, _ := json.Marshal(costs)
	return string(text)
}
