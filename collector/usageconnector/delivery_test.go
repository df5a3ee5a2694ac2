// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	mark         = "agentgauge.delivery"
	firstAt      = "agentgauge.delivery.first_at"
	oneUncertain = "shop agentgauge.uncertain.calls{} 1"
)

var uncertainToo = only(inputTokens, "agentgauge.uncertain.calls")

func TestAReplayIsNeverCounted(t *testing.T) {
	b := newBench(t, uncertainToo, bare)

	b.send(call(1, input, 5, mark, "replay"), call(2, input, 3, mark, "first"))

	require.Equal(t, []string{series1 + "3"}, b.values())
	require.EqualValues(t, 1, b.counter("otelcol_usage_replay_spans"))
}

func TestARetryWithinTheWindowCountsOnce(t *testing.T) {
	h := newHome(t, uncertainToo, bare)
	b := h.start()
	b.send(call(1, input, 5))
	b.passQuietly(5 * time.Hour)
	h.kill(b)
	b = h.start()

	b.send(
		call(1, input, 5, mark, "retry", firstAt, began.Unix()),
		call(2, input, 3, mark, "retry", firstAt, began.Unix()),
	)

	require.Equal(t, []string{series1 + "8"}, b.values())
	require.EqualValues(t, 2, b.counter("otelcol_usage_retry_spans"))
	require.EqualValues(t, 1, b.counter("otelcol_usage_duplicate_spans"))
}

// A folder that never forgot an id knows all that was counted in it, however old the first send.
func TestARetryFromBeforeTheFolderBeganCounts(t *testing.T) {
	b := newHome(t, uncertainToo, bare).start()

	b.send(call(1, input, 5, mark, "retry", firstAt, began.Add(-24*time.Hour).Unix()))

	require.Equal(t, []string{series1 + "5"}, b.values())
}

func TestARetryBeyondTheWindowIsUncertainAndNothingElse(t *testing.T) {
	h := newHome(t, uncertainToo, bare)
	b := h.start()
	b.passQuietly(20 * time.Hour)
	again := call(1, input, 5, mark, "retry", firstAt, began.Add(time.Hour).Unix())

	b.send(again, again)
	require.Equal(t, []string{oneUncertain}, b.values())
	require.EqualValues(t, 1, b.counter("otelcol_usage_uncertain_spans"))
	require.Zero(t, b.counter("otelcol_usage_counted_spans"))

	h.kill(b)
	b = h.start()
	b.send(again, call(2, input, 5, mark, "retry", firstAt, h.hand.now.Add(-5*time.Hour).Unix()))
	require.Equal(t, []string{series1 + "5", oneUncertain}, b.values())
}

func TestWithoutTheTimeOfTheFirstSendTheSpansEndHolds(t *testing.T) {
	b := newHome(t, uncertainToo, bare).start()
	b.passQuietly(20 * time.Hour)

	b.send(call(1, input, 5, mark, "retry"))

	require.Equal(t, []string{oneUncertain}, b.values())
}

func TestInMemoryNobodyKnowsWhatAnEarlierProcessCounted(t *testing.T) {
	b := newBench(t, uncertainToo, bare)

	b.send(
		call(1, input, 5, mark, "retry", firstAt, began.Add(-time.Minute).Unix()),
		call(2, input, 3, mark, "retry", firstAt, began.Add(time.Minute).Unix()),
	)

	require.Equal(t, []string{series1 + "3", oneUncertain}, b.values())
}

func TestSpansWithoutUsageAreTold(t *testing.T) {
	b := newBench(t, bare)

	b.send(call(1, input, 5), call(2), call(2))

	require.EqualValues(t, 1, b.counter("otelcol_usage_without_usage_spans"))
}
