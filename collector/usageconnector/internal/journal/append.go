// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"fmt"
	"os"
)

// Append writes one record, whole or not at all: after an error it is as if nothing had been
// written. The payload starts at frame[HeaderSize]; what is before belongs to the journal.
func (j *Journal) Append(frame []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.ready(); err != nil {
		return err
	}
	c := &j.chapters[len(j.chapters)-1]
	seal(frame, j.last+1)
	_, err := j.file.WriteAt(frame, c.size)
	if err == nil && j.fsync {
		err = j.file.Sync()
	}
	if err != nil {
		j.torn = true
		return fmt.Errorf("writing %s: %w", c.path, errors.Join(err, j.mend()))
	}
	c.size += int64(len(frame))
	j.since += int64(len(frame))
	j.last++
	return nil
}

// ready says whether the last chapter can be written.
func (j *Journal) ready() error {
	if j.file == nil {
		return errors.New("the journal is closed, or was not replayed")
	}
	return j.mend()
}

// mend cuts off what a failed write left behind, before anything is written after it.
func (j *Journal) mend() error {
	if !j.torn {
		return nil
	}
	c := &j.chapters[len(j.chapters)-1]
	if err := j.file.Truncate(c.size); err != nil {
		return fmt.Errorf("cutting off a record that was not written: %w", err)
	}
	j.torn = false
	return nil
}

// Turn begins a new chapter. After an error the old one goes on.
func (j *Journal) Turn(mark []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	next := chapter{number: 1, first: j.last + 1}
	if n := len(j.chapters); n > 0 {
		if err := j.ready(); err != nil {
			return err
		}
		// A later chapter must not be on the disk when the end of this one is not.
		if err := j.file.Sync(); err != nil {
			return fmt.Errorf("finishing %s: %w", j.chapters[n-1].path, err)
		}
		next.number = j.chapters[n-1].number + 1
	}
	next.path = j.chapterPath(next.number)
	head := chapterHead(next, mark)
	file, err := j.begin(next.path, head)
	if err != nil {
		return fmt.Errorf("beginning %s: %w", next.path, err)
	}
	if j.file != nil {
		_ = j.file.Close() // it was synced
	}
	next.size = int64(len(head))
	j.file = file
	j.chapters = append(j.chapters, next)
	return nil
}

// begin makes a chapter's file. One that cannot be used must not stay, since the old chapter goes on.
func (j *Journal) begin(path string, head []byte) (*os.File, error) {
	err := j.replace(path, head)
	if err == nil {
		var file *os.File
		if file, err = os.OpenFile(path, os.O_RDWR, 0); err == nil {
			return file, nil
		}
	}
	if gone := os.Remove(path); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return nil, err
}

// replace writes a file under another name, syncs it and gives it its name, so that under its
// name it is always whole.
func (j *Journal) replace(path string, content []byte) error {
	file, err := os.OpenFile(path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(j.folder)
}

// Keep drops the oldest chapters until n are left, as far as the checkpoint covers them.
func (j *Journal) Keep(n int) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.chapters) > max(n, 1) && j.chapters[1].first <= j.covered+1 {
		if err := os.Remove(j.chapters[0].path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("dropping a chapter: %w", err)
		}
		j.chapters = j.chapters[1:]
	}
	return nil
}
