// SPDX-License-Identifier: Apache-2.0

// Package journal keeps records in a folder: what was appended is there again after the
// process was killed, in order, and what was only half written is not.
//
// Records lie in numbered chapters. A checkpoint says what all records up to a sequence number
// amount to, so that a reader needs the older ones only for what the checkpoint leaves out.
// The journal knows nothing of what is inside a record, a chapter's mark or a checkpoint.
package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Version of the files' format. A file of a newer one is never touched.
const Version = 1

// Journal is a folder that one process has open.
type Journal struct {
	folder string
	fsync  bool
	lock   *os.File

	mu       sync.Mutex
	chapters []chapter // oldest first; the last one is being written
	file     *os.File  // of the last chapter
	torn     bool      // the file may go on after the last chapter's end
	last     uint64    // sequence number of the last record
	covered  uint64    // sequence number up to which the checkpoint goes
	since    int64     // bytes appended after the checkpoint
	found    bool      // there is a checkpoint
	summary  []byte    // its content, until it was replayed
	size     int64     // its size
}

// chapter is one file of records.
type chapter struct {
	number uint64
	path   string
	first  uint64 // sequence number that its first record has, or will have
	size   int64
}

// Open locks the folder, making it if need be, and checks everything in it. It changes nothing
// that it does not understand: a damaged or newer file is an error that names it.
//
// With fsync every append is on the disk when it returns, and survives a loss of power; without,
// the operating system has it, and it survives the death of the process.
func Open(folder string, fsync bool) (*Journal, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder: %w", err)
	}
	lock, err := lockFile(filepath.Join(folder, "lock"))
	if err != nil {
		return nil, err
	}
	j := &Journal{folder: folder, fsync: fsync, lock: lock}
	if err := j.find(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

// New says that the folder holds no checkpoint yet.
func (j *Journal) New() bool { return !j.found }

// Summary is the content of the checkpoint that was found; there is none after Replay.
func (j *Journal) Summary() []byte { return j.summary }

// Whole says that no chapter was ever dropped.
func (j *Journal) Whole() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.chapters) == 0 || j.chapters[0].number == 1
}

// Last is the sequence number of the last record.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Since is the number of bytes that were appended after the last checkpoint, and that a start
// would have to read.
func (j *Journal) Since() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.since
}

// Chapters is the number of chapters.
func (j *Journal) Chapters() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.chapters)
}

// Damaged says that the checkpoint's content cannot be used.
func (j *Journal) Damaged(why error) error {
	return &DamagedError{File: j.checkpointPath(), Why: why.Error()}
}

// Bytes is what the journal takes on the disk.
func (j *Journal) Bytes() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	total := j.size
	for _, c := range j.chapters {
		total += c.size
	}
	return total
}

// Close lets go of the folder.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	if j.file != nil {
		errs = append(errs, j.file.Close())
		j.file = nil
	}
	if j.lock != nil {
		errs = append(errs, j.lock.Close())
		j.lock = nil
	}
	return errors.Join(errs...)
}
