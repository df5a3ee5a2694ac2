// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const (
	crashFolder = "USAGECONNECTOR_TEST_CRASH_FOLDER"
	crashRounds = 20
	crashSpans  = 200
)

// runCrashing is the process that gets killed: it counts the requests whose numbers it reads and
// prints their acknowledgements, and at the input's end all sums.
func runCrashing(folder string) error {
	own := componenttest.NewTelemetry()
	sink := &consumertest.MetricsSink{}
	cfg := createDefaultConfig().(*Config)
	cfg.Storage.Directory = folder
	cfg.FlushInterval = 10 * time.Millisecond
	cfg.DedupeLimit = 500_000
	cfg.Metrics = []MetricConfig{{
		Name: inputTokens, Type: typeCounter,
		Labels: []LabelConfig{{Attribute: agent}},
		Values: []ValueConfig{{Attribute: input}},
	}}
	u, err := newUsageConnector(own.NewTelemetrySettings(), cfg, sink, systemClock())
	if err != nil {
		return err
	}
	u.storage.due = 32 << 10
	if err := u.Start(context.Background(), componenttest.NewNopHost()); err != nil {
		return err
	}
	var mu sync.Mutex
	var running sync.WaitGroup
	atOnce := make(chan struct{}, 4)
	asked := bufio.NewScanner(os.Stdin)
	for asked.Scan() {
		var n int
		if _, err := fmt.Sscan(asked.Text(), &n); err != nil {
			return err
		}
		atOnce <- struct{}{}
		running.Go(func() {
			defer func() { <-atOnce }()
			if u.ConsumeTraces(context.Background(), crashBatch(n)) == nil {
				mu.Lock()
				defer mu.Unlock()
				_, _ = fmt.Printf("ack %d.\n", n)
			}
		})
	}
	running.Wait()
	sink.Reset()
	if err := u.Shutdown(context.Background()); err != nil {
		return err
	}
	for _, line := range lines(sink.AllMetrics()) {
		if !strings.Contains(line, "@start") {
			fmt.Println("sum", line[:strings.Index(line, " @")])
		}
	}
	return nil
}

// crashBatch is the n-th request: its spans are always the same.
func crashBatch(n int) ptrace.Traces {
	spans := make([]func(ptrace.Span), crashSpans)
	for i := range spans {
		spans[i] = call(n*crashSpans+i, input, n+1, agent, fmt.Sprint("agent-", n%5), mark, "retry")
	}
	return traces("shop", spans...)
}

// sender sends requests until each was acknowledged, whatever happens to the connector.
type sender struct {
	t      *testing.T
	folder string
	random *rand.Rand
	sent   int
	open   map[int]bool
	acked  []int
	// answered are the acknowledgements of this round.
	answered []int
}

// run starts the process, sends, and kills it after some acknowledgements; with kill false it
// sends what is left and lets it end. It gives the lines of the sums.
func (s *sender) run(kill bool) []string {
	cmd := exec.CommandContext(s.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashFolder+"="+s.folder)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(s.t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	window, ended := make(chan struct{}, 8), make(chan struct{})
	left, wait := 1+s.random.IntN(60), time.Duration(s.random.IntN(3_000))*time.Microsecond
	var asking sync.WaitGroup
	asking.Go(func() { s.ask(stdin, window, ended, kill) })
	sums := s.listen(stdout, window, func() {
		if left--; left == 0 && kill {
			time.AfterFunc(wait, func() { _ = cmd.Process.Kill() })
		}
	})
	close(ended)
	asking.Wait()
	err = cmd.Wait()
	require.Equal(s.t, kill, err != nil, "%v", err)
	for _, n := range s.answered {
		if s.open[n] {
			delete(s.open, n)
			s.acked = append(s.acked, n)
		}
	}
	s.answered = nil
	return sums
}

// ask sends again what had no answer, some of what had one, and in a round that ends with a kill
// new requests, a few at a time.
func (s *sender) ask(stdin io.WriteCloser, window chan<- struct{}, ended <-chan struct{}, kill bool) {
	defer stdin.Close()
	again := slices.Sorted(maps.Keys(s.open))
	for _, n := range s.acked {
		if s.random.IntN(10) == 0 {
			again = append(again, n)
		}
	}
	for i := 0; kill || i < len(again); i++ {
		select {
		case window <- struct{}{}:
		case <-ended:
			return
		}
		if i < len(again) {
			_, _ = fmt.Fprintln(stdin, again[i])
			continue
		}
		s.open[s.sent] = true
		_, _ = fmt.Fprintln(stdin, s.sent)
		s.sent++
	}
}

func (s *sender) listen(stdout io.Reader, window <-chan struct{}, heard func()) (sums []string) {
	answers := bufio.NewScanner(stdout)
	for answers.Scan() {
		if sum, found := strings.CutPrefix(answers.Text(), "sum "); found {
			sums = append(sums, sum)
			continue
		}
		var n int
		if _, err := fmt.Sscanf(answers.Text(), "ack %d.", &n); err != nil {
			continue // half a line
		}
		s.answered = append(s.answered, n)
		<-window
		heard()
	}
	return sums
}

func TestWhatIsAcknowledgedCountsOnceWhateverIsKilled(t *testing.T) {
	s := &sender{t: t, folder: t.TempDir(), open: map[int]bool{}}
	for round := range uint64(crashRounds) {
		s.random = rand.New(rand.NewPCG(round, 7))
		s.run(true)
	}
	sums := s.run(false)

	require.Empty(t, s.open)
	want := map[int]int{}
	for n := range s.sent {
		want[n%5] += (n + 1) * crashSpans
	}
	require.Greater(t, s.sent, crashRounds)
	for i, n := range want {
		require.Contains(t, sums, fmt.Sprintf("shop %s{gen_ai.agent.name=agent-%d} %d", inputTokens, i, n))
	}
	t.Logf("%d requests of %d spans, %d kills", s.sent, crashSpans, crashRounds)
}
