// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// drawnTree is a tree of calls with usage, some of the SDK's, and of spans between them.
func drawnTree(rng *rand.Rand) []node {
	nodes := make([]node, 2+rng.IntN(6))
	for i := range nodes {
		nodes[i].id = byte(i + 1)
		if i > 0 {
			nodes[i].parent = byte(1 + rng.IntN(i))
		}
		switch rng.IntN(8) {
		case 0:
			nodes[i].attributes = ofTheSDK(7)
		case 1, 2, 3:
			nodes[i].attributes = map[string]any{"http.request.method": "POST"}
		default:
			nodes[i].attributes = request(7)
		}
	}
	return nodes
}

func (n node) isRequest() bool { return n.attributes["http.request.method"] == nil }

// onPaths gives, for each call, how many calls counted on the way from it to the root.
func onPaths(nodes []node, counted map[byte]bool) map[byte]int {
	found := map[byte]int{}
	for _, n := range nodes {
		if !n.isRequest() {
			continue
		}
		for at := n.id; at != 0; at = nodes[at-1].parent {
			if counted[at] {
				found[n.id]++
			}
		}
	}
	return found
}

// deliver sends a tree in batches of any order, some again, some refused at first, to a processor
// that is killed in between. It gives what counted, what was told of as counted twice, and the story.
func deliver(t *testing.T, rng *rand.Rand, nodes []node) (counted map[byte]bool, twice int64, story []string) {
	t.Helper()
	d := &disk{content: map[string][]byte{}}
	p, told := d.start(t, defaultLimit), "otelcol_genai_counted_twice_calls"
	send := func(batch []node) {
		if rng.IntN(4) == 0 {
			p.refusal = uncounted{}
			require.Error(t, p.send(t, batch...))
			p.refusal = nil
			story = append(story, "refused")
		}
		if rng.IntN(4) == 0 {
			twice += p.ownMetric(t, told)
			again := d.start(t, defaultLimit)
			again.counted, p = p.counted, again
			story = append(story, "killed")
		}
		require.NoError(t, p.send(t, batch...))
	}
	for order := rng.Perm(len(nodes)); len(order) > 0; {
		size := 1 + rng.IntN(len(order))
		var batch []node
		for _, i := range order[:size] {
			batch = append(batch, nodes[i])
		}
		order = order[size:]
		story = append(story, text(batch))
		for range 1 + rng.IntN(2) {
			send(batch)
		}
	}
	return p.counted, twice + p.ownMetric(t, told), story
}

func TestNoRequestIsLostAndNoneCountsTwiceInSilence(t *testing.T) {
	for seed := range uint64(1_000) {
		rng := rand.New(rand.NewPCG(seed, 11))
		nodes := drawnTree(rng)
		counted, twice, story := deliver(t, rng, nodes)

		paths := onPaths(nodes, counted)
		for _, n := range nodes {
			// A call around others may count on these.
			within := slices.ContainsFunc(nodes, func(o node) bool { return counted[o.id] && isInside(nodes, o.id, n.id) })
			require.True(t, !n.isRequest() || paths[n.id] > 0 || within, "seed %d lost %d: %v", seed, n.id, story)
			require.True(t, paths[n.id] < 2 || twice > 0, "seed %d counted %v: %v", seed, counted, story)
		}
	}
}

func isInside(nodes []node, id, outer byte) bool {
	for id != 0 && id != outer {
		id = nodes[id-1].parent
	}
	return id == outer
}

func text(nodes []node) (out string) {
	for _, n := range nodes {
		kind := "call"
		if !n.isRequest() {
			kind = "between"
		} else if n.attributes[usageSource] != nil {
			kind = "sdk"
		}
		out += fmt.Sprintf("%d<%d %s; ", n.id, n.parent, kind)
	}
	return out
}
