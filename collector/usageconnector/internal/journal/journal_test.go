// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// heard is what a journal told its visitor.
type heard []string

func (h *heard) Chapter(mark []byte) error {
	*h = append(*h, "# "+string(mark))
	return nil
}

func (h *heard) Record(payload []byte, covered bool) error {
	text := string(payload)
	if covered {
		text = "(" + text + ")"
	}
	*h = append(*h, text)
	return nil
}

func open(t testing.TB, folder string) (*Journal, []string) {
	t.Helper()
	j, told, err := tryOpen(folder)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j, told
}

func tryOpen(folder string) (*Journal, []string, error) {
	j, err := Open(folder, false)
	if err != nil {
		return nil, nil, err
	}
	var told heard
	if _, err := j.Replay(&told); err != nil {
		return nil, nil, errors.Join(err, j.Close())
	}
	return j, told, nil
}

// begin makes a journal with its first chapter.
func begin(t testing.TB, folder string, fsync bool) *Journal {
	t.Helper()
	j, err := Open(folder, fsync)
	require.NoError(t, err)
	_, err = j.Replay(&heard{})
	require.NoError(t, err)
	require.NoError(t, j.Checkpoint(0, []byte("nothing")))
	require.NoError(t, j.Turn([]byte("one")))
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func add(t testing.TB, j *Journal, texts ...string) {
	t.Helper()
	for _, text := range texts {
		require.NoError(t, j.Append(append(make([]byte, HeaderSize), text...)))
	}
}

func TestWhatWasAppendedIsThereInOrder(t *testing.T) {
	for _, fsync := range []bool{false, true} {
		folder := t.TempDir()
		j := begin(t, folder, fsync)
		add(t, j, "a", "b")
		require.NoError(t, j.Checkpoint(1, []byte("a")))
		require.NoError(t, j.Turn([]byte("two")))
		add(t, j, "c", "")
		require.NoError(t, j.Close())

		j, err := Open(folder, fsync)
		require.NoError(t, err)
		require.Equal(t, "a", string(j.Summary()))
		var told heard
		cut, err := j.Replay(&told)

		require.NoError(t, err)
		require.Zero(t, cut)
		require.Equal(t, heard{"# one", "(a)", "b", "# two", "c", ""}, told)
		require.EqualValues(t, 4, j.Last())
		add(t, j, "d")
		require.NoError(t, j.Close())
		_, again := open(t, folder)
		require.Equal(t, append(told, "d"), heard(again))
	}
}

func TestKeepDropsOnlyWhatTheCheckpointCovers(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, false)
	for n := range 4 {
		add(t, j, fmt.Sprint(n))
		require.NoError(t, j.Turn(nil))
	}
	require.NoError(t, j.Checkpoint(2, []byte("two")))

	require.NoError(t, j.Keep(1))
	require.Equal(t, 3, j.Chapters())
	require.False(t, j.Whole())
	require.NoError(t, j.Checkpoint(4, []byte("four")))
	require.NoError(t, j.Keep(2))

	require.Equal(t, 2, j.Chapters())
	require.NoError(t, j.Close())
	_, told := open(t, folder)
	require.Equal(t, []string{"# ", "(3)", "# "}, told)
}

func TestBytesSinceTheCheckpointAreCounted(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, false)
	add(t, j, "12345", "1")
	require.EqualValues(t, 2*HeaderSize+6, j.Since())

	require.NoError(t, j.Checkpoint(1, nil))
	require.Zero(t, j.Since())
	require.NoError(t, j.Close())
	j, _ = open(t, folder)
	require.EqualValues(t, HeaderSize+1, j.Since())
}

func TestAFailedWriteIsCutOffBeforeTheNextOne(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, false)
	add(t, j, "a")
	whole := j.file
	readOnly, err := os.Open(whole.Name()[:len(whole.Name())])
	require.NoError(t, err)
	j.file = readOnly
	require.ErrorContains(t, j.Append(append(make([]byte, HeaderSize), "lost"...)), "writing "+j.chapters[0].path)
	j.file = whole
	_, err = whole.WriteAt([]byte("half of a record that failed"), j.chapters[0].size)
	require.NoError(t, err)

	add(t, j, "b")

	require.NoError(t, errors.Join(readOnly.Close(), j.Close()))
	_, told := open(t, folder)
	require.Equal(t, []string{"# one", "a", "b"}, told)
}

func TestAfterALossOfPowerZerosAtTheEndAreNoRecord(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, false)
	add(t, j, "a", string(bytes.Repeat([]byte("b"), 2_000)))
	require.NoError(t, j.Close())
	path := j.chapters[0].path
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	zeroed := bytes.Clone(content)
	clear(zeroed[len(zeroed)-700:])

	for _, left := range [][]byte{zeroed, append(bytes.Clone(content), make([]byte, 4_096)...)} {
		require.NoError(t, os.WriteFile(path, left, 0o600))
		j, told, err := tryOpen(folder)
		require.NoError(t, err)
		require.Equal(t, "a", told[1])
		require.NoError(t, j.Close())
	}
}

func TestAChapterThatLostItsEndIsDamaged(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, false)
	add(t, j, "a", "b")
	require.NoError(t, j.Checkpoint(2, nil))
	require.NoError(t, j.Close())
	require.NoError(t, os.Truncate(j.chapters[0].path, j.chapters[0].size-1))

	_, _, err := tryOpen(folder)

	var damaged *DamagedError
	require.ErrorAs(t, err, &damaged)
	require.Equal(t, j.chapters[0].path, damaged.File)
}

func TestTheFolderIsFreeAfterClose(t *testing.T) {
	folder := t.TempDir()
	j := begin(t, folder, false)
	_, err := Open(folder, false)
	require.ErrorIs(t, err, ErrBusy)

	require.NoError(t, j.Close())
	open(t, folder)
	require.Error(t, j.Append(make([]byte, HeaderSize)))
}

func TestOtherFilesAreLeftAlone(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "notes.txt"), []byte("mine"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "chapter-00000001.log.new"), []byte("half"), 0o600))
	begin(t, folder, false)

	kept, err := os.ReadFile(filepath.Join(folder, "notes.txt"))
	require.NoError(t, err)
	require.Equal(t, "mine", string(kept))
}

// FuzzFile changes one byte of a chapter or cuts it off. Either the journal says so, or it tells
// what was appended, as far as the file goes; never anything else.
func FuzzFile(f *testing.F) {
	f.Add([]byte("first"), []byte("second"), uint16(3), byte(1), uint16(0))
	f.Add(bytes.Repeat([]byte("x"), 700), []byte(""), uint16(60), byte(0x80), uint16(0))
	f.Add([]byte("first"), []byte("second"), uint16(0), byte(0), uint16(5))
	f.Fuzz(func(t *testing.T, a, b []byte, at uint16, flip byte, cutOff uint16) {
		folder := t.TempDir()
		j := begin(t, folder, false)
		add(t, j, string(a), string(b))
		require.NoError(t, j.Close())
		path := j.chapters[0].path
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		content = content[:len(content)-min(int(cutOff), len(content))]
		if len(content) > 0 {
			content[int(at)%len(content)] ^= flip
		}
		require.NoError(t, os.WriteFile(path, content, 0o600))

		j, told, err := tryOpen(folder)
		if err != nil {
			require.ErrorContains(t, err, path)
			return
		}
		require.NoError(t, j.Close())
		whole := []string{"# one", string(a), string(b)}
		require.Equal(t, whole[:len(told)], told)
		if cutOff == 0 && !hasEmptySector(append(bytes.Clone(a), b...)) {
			require.Len(t, told, 3, "a record that was acknowledged is gone and nobody says so")
		}
	})
}

// BenchmarkAppend reports one record of the size of 512 spans.
func BenchmarkAppend(b *testing.B) {
	j := begin(b, b.TempDir(), false)
	frame := make([]byte, HeaderSize+14_000)
	for b.Loop() {
		if err := j.Append(frame); err != nil {
			b.Fatal(err)
		}
	}
}
