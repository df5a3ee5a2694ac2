// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/quick"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// TestConcurrentSendersLoseNothing sends each span from two of 8 senders while flushes go on.
func TestConcurrentSendersLoseNothing(t *testing.T) {
	b := newBench(t, only(inputTokens, "agentgauge.tool.tokens", "gen_ai.client.inference.duration"), bare)
	const senders, requests, spans = 8, 40, 25
	var want int64
	for n := range senders / 2 * requests * spans {
		want += int64(n % 97)
	}
	stop := make(chan struct{})
	var flusher, running sync.WaitGroup
	flusher.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				b.hand.pass(1)
				_ = b.flush(context.Background())
			}
		}
	})
	for sender := range senders {
		running.Go(func() {
			for request := range requests {
				var batch []func(ptrace.Span)
				for i := range spans {
					n := (sender/2*requests+request)*spans + i
					batch = append(batch, call(n, input, n%97, agent, fmt.Sprint("agent-", n%7),
						"agentgauge.tool.names", []string{"a", "b"}, "agentgauge.tool.call_tokens", []int{1, 2}))
				}
				_ = b.ConsumeTraces(context.Background(), traces("shop", batch...))
			}
		})
	}
	running.Wait()
	close(stop)
	flusher.Wait()

	var got, tools, durations int64
	for _, line := range b.values() {
		var n int64
		if _, value, found := strings.Cut(line, "duration{gen_ai.agent.name=agent-"); found {
			_, err := fmt.Sscanf(value[3:], "%d/", &n)
			require.NoError(t, err)
			durations += n
			continue
		}
		_, err := fmt.Sscan(line[strings.LastIndex(line, " "):], &n)
		require.NoError(t, err)
		if strings.Contains(line, "tool.tokens") {
			tools += n
		} else {
			got += n
		}
	}
	require.Equal(t, want, got)
	require.EqualValues(t, 3*senders/2*requests*spans, tools)
	require.EqualValues(t, senders/2*requests*spans, durations)
	require.EqualValues(t, senders/2*requests*spans, b.counter("otelcol_usage_duplicate_spans"))
}

func TestANanoUSDSumComesBackFromUSD(t *testing.T) {
	m := &metric{scale: 1e-9}
	law := func(seed uint64) bool {
		sum := int64(seed % (1 << 51))
		return int64(math.Round(m.scaled(sum)*1e9)) == sum
	}
	require.NoError(t, quick.Check(law, &quick.Config{MaxCount: 100_000}))
}

func TestAHistogramsSumDoesNotDependOnTheOrder(t *testing.T) {
	law := func(values []uint32, seed uint64) bool {
		var forward, shuffled fixedSum
		for _, v := range values {
			forward.add(float64(v) / 1e6)
		}
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		for _, v := range values {
			shuffled.add(float64(v) / 1e6)
		}
		return forward == shuffled
	}
	require.NoError(t, quick.Check(law, nil))
}

func FuzzCutText(f *testing.F) {
	f.Add("é\xff\xf0\x9f", 8)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 8 + (limit&0xff)%64
		cut := cutText(text, limit)
		require.LessOrEqual(t, len(cut), limit)
		require.True(t, utf8.ValidString(cut))
		if utf8.ValidString(text) && len(text) <= limit {
			require.Equal(t, text, cut)
		}
		if text != "" {
			require.NotEmpty(t, cut)
		}
	})
}

func FuzzSeriesKey(f *testing.F) {
	f.Add("a", "", "é")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var key []byte
		for _, text := range []string{a, b, c} {
			key = appendText(key, text)
		}
		for _, want := range []string{a, b, c} {
			var got string
			got, key = takeText(key)
			require.Equal(t, want, got)
		}
		require.Empty(t, key)
	})
}

// FuzzSpan reads spans of any shape beside a good one, which must always count.
func FuzzSpan(f *testing.F) {
	unmarshal := ptrace.ProtoUnmarshaler{}
	marshal := ptrace.ProtoMarshaler{}
	seed, err := marshal.MarshalTraces(traces("shop", call(1, input, 3, "agentgauge.tool.names", []string{"a"})))
	require.NoError(f, err)
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		td, err := unmarshal.UnmarshalTraces(data)
		if err != nil {
			t.Skip()
		}
		b := newBench(t, only(inputTokens), bare)
		require.NoError(t, b.ConsumeTraces(t.Context(), td))
		require.NoError(t, b.ConsumeTraces(t.Context(), traces("fuzz beside", call(99, input, 1))))
		require.Contains(t, b.values(), "fuzz beside "+inputTokens+"{gen_ai.agent.name=unattributed} 1")
	})
}
