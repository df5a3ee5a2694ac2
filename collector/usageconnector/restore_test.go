// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/agentgauge/agentgauge/collector/usageconnector/internal/journal"
)

// TestAnyHistoryCountsEachSpanOnce lets chance decide what happens next.
func TestAnyHistoryCountsEachSpanOnce(t *testing.T) {
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 1))
		h := newHome(t, only(inputTokens, "gen_ai.client.inference.duration"), bare, expiring(time.Hour))
		b := h.start()
		once := map[int]bool{}
		for range 60 {
			switch random.IntN(6) {
			case 0, 1, 2:
				batch := make([]func(ptrace.Span), 1+random.IntN(5))
				for i := range batch {
					n := random.IntN(100)
					once[n] = true
					batch[i] = call(n, input, n, agent, fmt.Sprint("agent-", n%7))
				}
				b.send(batch...)
			case 3:
				b.passQuietly(time.Duration(random.IntN(100)) * time.Minute)
			case 4:
				h.kill(b)
				b = h.start()
			case 5:
				h.stop(b)
				b = h.start()
			}
			// Every id is met again within the window.
			for n := range once {
				b.send(call(n, input, n, agent, fmt.Sprint("agent-", n%7)))
			}
		}
		h.kill(b)
		b = h.start()
		for n := range 7 { // wakes the idle ones
			b.send(call(1_000+n, input, 0, agent, fmt.Sprint("agent-", n)))
			once[1_000+n] = false
		}

		sums, durations := map[string]int{}, map[string]int{}
		for n, worth := range once {
			name := fmt.Sprintf("gen_ai.agent.name=agent-%d", n%7)
			if n >= 1_000 {
				name = fmt.Sprintf("gen_ai.agent.name=agent-%d", n-1_000)
			}
			durations[name]++
			if worth {
				sums[name] += n
			}
		}
		got := b.values()
		for name, n := range durations {
			require.Contains(t, got, fmt.Sprintf("shop %s{%s} %d", inputTokens, name, sums[name]), seed)
			require.True(t, slices.ContainsFunc(got, func(line string) bool {
				return line == fmt.Sprintf("shop gen_ai.client.inference.duration{%s} %d/%v [0 %d 0 0]", name, n, float64(n)/2, n)
			}), "seed %d: %s of %v in %v", seed, name, n, got)
		}
	}
}

// TestConcurrentRequestsShareARecord sends each span from two of 8 senders, and kills at the end.
func TestConcurrentRequestsShareARecord(t *testing.T) {
	h := newHome(t, only(inputTokens), bare)
	b := h.start()
	slow := &slowDisk{record: b.ledger.journal}
	b.ledger.journal = slow
	var running sync.WaitGroup
	for sender := range 8 {
		running.Go(func() {
			for n := range 50 {
				_ = b.ConsumeTraces(t.Context(), traces("shop", call(sender/2*50+n, input, 1)))
			}
		})
	}
	running.Wait()
	h.kill(b)

	require.Equal(t, []string{series1 + "200"}, h.start().values())
	require.EqualValues(t, 200, b.counter("otelcol_usage_duplicate_spans"))
	require.Less(t, slow.writes, 200)
}

type slowDisk struct {
	record
	writes int
}

func (d *slowDisk) Append(frame []byte) error {
	d.writes++
	time.Sleep(time.Millisecond)
	return d.record.Append(frame)
}

// FuzzContent gives the restorer records and checkpoints that no version wrote.
func FuzzContent(f *testing.F) {
	h := newHome(f, only(inputTokens, "gen_ai.client.inference.duration"))
	b := h.start()
	b.send(call(1, input, 5))
	f.Add(putFlush(nil, began, time.Second)[journal.HeaderSize:])
	f.Add(b.ledger.frame[journal.HeaderSize:])
	c, _ := b.ledger.takeCheckpoint("collector-1")
	f.Add(c.summary)
	f.Fuzz(func(t *testing.T, content []byte) {
		b := newBench(t, only(inputTokens, "gen_ai.client.inference.duration"))
		r := &restorer{ledger: b.ledger, byNumber: map[uint64]*series{}}
		_ = r.Chapter(putMark(0, began))
		_ = r.Record(content, false)
		_ = r.Record(content, true)
		_ = r.checkpoint(content)
		_ = r.Chapter(content)
	})
}

// gate holds a write until it is told how it ends.
type gate struct {
	record
	entered chan struct{}
	end     chan error
}

func (g *gate) Append(frame []byte) error {
	g.entered <- struct{}{}
	if err := <-g.end; err != nil {
		return err
	}
	return g.record.Append(frame)
}

func TestADuplicateOfASpanThatIsBeingWrittenWaitsForIt(t *testing.T) {
	for _, failure := range []error{nil, syscall.ENOSPC} {
		b := newHome(t, only(inputTokens), bare).start()
		disk := &gate{record: b.ledger.journal, entered: make(chan struct{}), end: make(chan error)}
		b.ledger.journal = disk
		answers := [2]error{}
		var running sync.WaitGroup
		send := func(i int) {
			running.Go(func() { answers[i] = b.ConsumeTraces(t.Context(), traces("shop", call(1, input, 5))) })
		}

		send(0)
		<-disk.entered
		send(1)
		require.Eventually(t, func() bool {
			b.ledger.waiting.mu.Lock()
			defer b.ledger.waiting.mu.Unlock()
			return len(b.ledger.waiting.entries) == 1
		}, 10*time.Second, time.Millisecond)
		disk.end <- failure
		if failure != nil {
			<-disk.entered // the second one is not a duplicate of a span that was not counted
			disk.end <- nil
		}
		running.Wait()

		require.ErrorIs(t, answers[0], failure)
		require.NoError(t, answers[1])
		b.ledger.journal = disk.record
		require.Equal(t, []string{series1 + "5"}, b.values())
	}
}
