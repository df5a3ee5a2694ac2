// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mappingRows are the rows of the README's table of names.
func mappingRows() string {
	var b strings.Builder
	row := func(v *vocabulary, to string, from []string) {
		if len(from) > 0 {
			fmt.Fprintf(&b, "| %s | `%s` | `%s` |\n", v.name, to, strings.Join(from, "`, `"))
		}
	}
	for _, v := range vocabularies {
		for _, n := range append(append([]names{}, v.all...), v.call...) {
			row(v, n.to, n.from)
		}
		row(v, inputTokens, v.usage.input)
		row(v, outputTokens, v.usage.output)
		row(v, cacheReadTokens, v.usage.cacheRead)
		row(v, cacheWriteTokens, v.usage.cacheWrite)
		row(v, cacheHourTokens, v.usage.cacheHour)
		row(v, reasoningTokens, v.usage.reasoning)
	}
	return b.String()
}

// TestTheReadmeHasTheMapping: with AGENTGAUGE_UPDATE=1 it writes the rows.
func TestTheReadmeHasTheMapping(t *testing.T) {
	const head = "| vocabulary | to | from, the first that is there |\n| --- | --- | --- |\n"
	data, err := os.ReadFile("README.md")
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(data), head)
	require.True(t, found)
	rows, after, _ := strings.Cut(rest, "\n\n")
	if os.Getenv("AGENTGAUGE_UPDATE") != "" {
		text := before + head + strings.TrimSuffix(mappingRows(), "\n") + "\n\n" + after
		require.NoError(t, os.WriteFile("README.md", []byte(text), 0o600))
		return
	}
	require.Equal(t, strings.TrimSuffix(mappingRows(), "\n"), rows)
}
