// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const checkpointName = "checkpoint"

func (j *Journal) checkpointPath() string { return filepath.Join(j.folder, checkpointName) }

// Checkpoint replaces the summary: what all records up to the sequence number amount to.
func (j *Journal) Checkpoint(sequence uint64, summary []byte) error {
	j.mu.Lock()
	file, path, before := j.file, j.checkpointPath(), j.since
	j.mu.Unlock()
	// A checkpoint must not be on the disk when the records that it sums up are not.
	if file != nil {
		if err := file.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
			return fmt.Errorf("writing %s: %w", path, err)
		}
	}
	content := binary.LittleEndian.AppendUint64(head(checkpointMagic), sequence)
	content = append(content, summary...)
	content = binary.LittleEndian.AppendUint32(content, sum(content))
	if err := j.replace(path, content); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.found, j.covered, j.size = true, sequence, int64(len(content))
	j.since -= before
	return nil
}

// readCheckpoint finds nothing where there is none.
func (j *Journal) readCheckpoint() error {
	path := j.checkpointPath()
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the checkpoint: %w", err)
	}
	rest, err := behead(path, content, checkpointMagic)
	if err != nil {
		return err
	}
	const least = 8 + 4
	body := len(content) - 4
	if len(rest) < least || binary.LittleEndian.Uint32(content[body:]) != sum(content[:body]) {
		return &DamagedError{File: path, Why: "its check sum is wrong"}
	}
	j.covered = binary.LittleEndian.Uint64(rest)
	j.found, j.size = true, int64(len(content))
	j.summary = rest[8 : len(rest)-4]
	return nil
}
