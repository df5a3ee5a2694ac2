// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Visitor is told of what the journal holds, oldest first. Its errors say what is wrong with the
// content that it was given.
type Visitor interface {
	// Chapter begins with this mark.
	Chapter(mark []byte) error
	// Record is one appended payload; covered says that the checkpoint contains it.
	Record(payload []byte, covered bool) error
}

func (j *Journal) chapterPath(number uint64) string {
	return filepath.Join(j.folder, fmt.Sprintf("chapter-%08d.log", number))
}

// chapterHead is the file's head and a frame that holds number, first sequence number and mark.
// Its own sequence number is 0, which no record has.
func chapterHead(c chapter, mark []byte) []byte {
	frame := make([]byte, HeaderSize)
	frame = binary.LittleEndian.AppendUint64(frame, c.number)
	frame = binary.LittleEndian.AppendUint64(frame, c.first)
	frame = append(frame, mark...)
	seal(frame, 0)
	return append(head(chapterMagic), frame...)
}

// find reads the checkpoint and lists the chapters.
func (j *Journal) find() error {
	if err := j.readCheckpoint(); err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(j.folder, "chapter-*.log")) // sorted by number
	if err != nil {
		return err
	}
	for _, path := range paths {
		var number uint64
		if _, err := fmt.Sscanf(filepath.Base(path), "chapter-%d.log", &number); err != nil {
			return &DamagedError{File: path, Why: "its name has no number"}
		}
		if n := len(j.chapters); n > 0 && number != j.chapters[n-1].number+1 {
			return &DamagedError{File: j.chapterPath(j.chapters[n-1].number + 1), Why: "it is missing"}
		}
		j.chapters = append(j.chapters, chapter{number: number, path: path})
	}
	switch {
	case !j.found && len(j.chapters) > 0:
		return &DamagedError{File: j.checkpointPath(), Why: "it is missing"}
	case j.covered > 0 && len(j.chapters) == 0:
		return &DamagedError{File: filepath.Join(j.folder, "chapter-*.log"), Why: "they are missing"}
	}
	return nil
}

// Replay visits every record, then opens the last chapter for writing, without the record that a
// killed process may have left half written at its end. cut is the size of that.
func (j *Journal) Replay(v Visitor) (cut int64, err error) {
	j.summary = nil
	for i := range j.chapters {
		if cut, err = j.replayChapter(i, v); err != nil {
			return 0, err
		}
	}
	if len(j.chapters) == 0 {
		return 0, nil
	}
	newest := j.chapters[len(j.chapters)-1]
	if j.last < j.covered {
		return 0, &DamagedError{File: newest.path, Offset: newest.size,
			Why: fmt.Sprintf("it ends with record %d, and the checkpoint contains %d", j.last, j.covered)}
	}
	j.file, err = os.OpenFile(newest.path, os.O_RDWR, 0)
	if err != nil {
		return 0, fmt.Errorf("opening the last chapter: %w", err)
	}
	j.torn = cut > 0
	return cut, j.mend()
}

func (j *Journal) replayChapter(index int, v Visitor) (cutOff int64, err error) {
	c := &j.chapters[index]
	content, err := os.ReadFile(c.path)
	if err != nil {
		return 0, fmt.Errorf("reading a chapter: %w", err)
	}
	rest, err := behead(c.path, content, chapterMagic)
	if err != nil {
		return 0, err
	}
	damaged := func(why string) error {
		return &DamagedError{File: c.path, Offset: int64(len(content) - len(rest)), Why: why}
	}
	about, _, what := unseal(rest)
	if what != sound || len(about) < 16 || binary.LittleEndian.Uint64(about) != c.number {
		return 0, damaged("its head is wrong")
	}
	c.first = binary.LittleEndian.Uint64(about[8:])
	switch {
	case index == 0 && c.first > j.covered+1:
		return 0, damaged(fmt.Sprintf("it begins with record %d, and the checkpoint ends with %d", c.first, j.covered))
	case index == 0:
		j.last = c.first - 1
	case c.first != j.last+1:
		return 0, damaged(fmt.Sprintf("it begins with record %d, after %d", c.first, j.last))
	}
	if err := v.Chapter(about[16:]); err != nil {
		return 0, damaged(err.Error())
	}
	rest = rest[HeaderSize+len(about):]
	for len(rest) > 0 {
		payload, sequence, what := unseal(rest)
		if what == cut && index == len(j.chapters)-1 {
			break
		}
		if what != sound || sequence != j.last+1 {
			return 0, damaged(fmt.Sprintf("record %d is not what was written", j.last+1))
		}
		if err := v.Record(payload, sequence <= j.covered); err != nil {
			return 0, damaged(err.Error())
		}
		j.last = sequence
		rest = rest[HeaderSize+len(payload):]
		if sequence > j.covered {
			j.since += int64(HeaderSize + len(payload))
		}
	}
	c.size = int64(len(content) - len(rest))
	return int64(len(rest)), nil
}

// ErrBusy is a folder that another process has open.
var ErrBusy = errors.New("another Collector uses the folder; give each its own")
