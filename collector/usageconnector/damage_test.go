// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAHalfWrittenRecordIsDroppedAndTheSenderSendsItAgain(t *testing.T) {
	h := newHome(t, only(inputTokens), bare)
	b := h.start()
	b.send(call(1, input, 5))
	path := h.files("chapter-*.log")[0]
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	b.send(call(2, input, 10))
	longer, err := os.ReadFile(path)
	require.NoError(t, err)

	for end := len(whole); end < len(longer); end += 9 {
		h.kill(b)
		require.NoError(t, os.WriteFile(h.files("chapter-*.log")[0], longer[:end], 0o600))
		c := h.start()
		require.Equal(t, []string{series1 + "5"}, c.values(), end)
		c.send(call(2, input, 10))
		h.kill(c)
		require.Equal(t, []string{series1 + "15"}, h.start().values(), end)
	}
}

func TestADamagedFileStopsTheStartAndStaysAsItIs(t *testing.T) {
	h := newHome(t, only(inputTokens), bare)
	b := h.start()
	for n := range 3 {
		b.send(call(n, input, 5))
	}
	h.stop(b)
	for _, path := range append(h.files("chapter-*.log"), h.files("checkpoint")...) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		for at := 0; at < len(content); at += 5 {
			damaged := slices.Clone(content)
			damaged[at] ^= 0x10
			require.NoError(t, os.WriteFile(path, damaged, 0o600))

			_, err := h.tryStart()

			require.ErrorContains(t, err, path, at)
			require.ErrorContains(t, err, "Nothing was changed")
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, damaged, after)
		}
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	require.Equal(t, []string{series1 + "15"}, h.start().values())
}

func TestAMissingFileStopsTheStart(t *testing.T) {
	h := newHome(t, only(inputTokens), bare)
	b := h.start()
	b.send(call(1, input, 5))
	b.passQuietly(4 * time.Hour)
	h.stop(b)
	chapters := h.files("chapter-*.log")
	require.Greater(t, len(chapters), 2)
	for _, path := range []string{chapters[1], h.files("checkpoint")[0]} {
		require.NoError(t, os.Rename(path, path+".away"))

		_, err := h.tryStart()

		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "it is missing")
		require.NoError(t, os.Rename(path+".away", path))
	}
}

func TestANewerVersionStopsTheStart(t *testing.T) {
	h := newHome(t)
	h.stop(h.start())
	for _, path := range append(h.files("chapter-*.log"), h.files("checkpoint")...) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		newer := slices.Clone(content)
		newer[4] = 2
		require.NoError(t, os.WriteFile(path, newer, 0o600))

		_, err = h.tryStart()

		require.ErrorContains(t, err, path+" is of version 2")
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
}

func TestAFolderBelongsToOneConnector(t *testing.T) {
	h := newHome(t)
	h.start()

	_, err := h.tryStart()

	require.ErrorContains(t, err, "another Collector uses the folder")
}

func TestAWriteThatFailsCountsNothingAndTheNextOneDoes(t *testing.T) {
	h := newHome(t, only(inputTokens), bare)
	b := h.start()
	b.send(call(1, input, 5))
	disk := &fullDisk{record: b.ledger.journal}
	b.ledger.journal = disk

	disk.full = true
	err := b.ConsumeTraces(t.Context(), traces("shop", call(2, input, 10, agent, "new")))
	require.ErrorContains(t, err, "committing 1 spans: no space left on device")
	disk.full = false

	require.Equal(t, []string{series1 + "5"}, b.values())
	b.send(call(2, input, 10, agent, "new"))
	h.kill(b)
	require.Equal(t, []string{series1 + "5", "shop " + inputTokens + "{gen_ai.agent.name=new} 10"}, h.start().values())
	require.EqualValues(t, 1, b.counter("otelcol_usage_storage_errors"))
}

// fullDisk refuses to write while it is full.
type fullDisk struct {
	record
	full bool
}

func (d *fullDisk) Append(frame []byte) error {
	if d.full {
		return syscall.ENOSPC
	}
	return d.record.Append(frame)
}
