// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/agentgauge/agentgauge/collector/usageconnector/internal/journal"
)

// checkpointBytes of journal are read at a start, at most about; then a checkpoint is due.
const checkpointBytes = 16 << 20

// storage is the journal of a ledger, and who the ledger is. Without a directory there is none.
type storage struct {
	journal    *journal.Journal
	instanceID string
	fsync      bool
	restored   bool
	cut        int64
	// due is the size of the journal after which a checkpoint is due.
	due int64
}

// open restores the ledger, and begins a new journal where there is none.
func (s *storage) open(cfg *StorageConfig, l *ledger) error {
	if cfg.Directory == "" {
		return s.identify("")
	}
	j, err := journal.Open(cfg.Directory, cfg.Fsync)
	if err != nil {
		return err
	}
	kept, cut, err := l.restore(j)
	if err != nil {
		return errors.Join(err, j.Close())
	}
	s.journal, s.cut, s.fsync, s.restored = j, cut, cfg.Fsync, !j.New()
	if err := s.begin(kept, l); err != nil {
		return errors.Join(err, j.Close())
	}
	return nil
}

// begin makes the identity durable before anything is counted under it.
func (s *storage) begin(kept string, l *ledger) error {
	if err := s.identify(kept); err != nil {
		return err
	}
	if s.instanceID != kept {
		c, _ := l.takeCheckpoint(s.instanceID)
		if err := s.journal.Checkpoint(c.sequence, c.summary); err != nil {
			return err
		}
	}
	return l.beginChapter()
}

// identify keeps a configured id, then the one that was kept, and makes one where there is neither.
func (s *storage) identify(kept string) error {
	if s.instanceID == "" {
		s.instanceID = kept
	}
	if s.instanceID == "" {
		random, err := uuid.NewRandom()
		if err != nil {
			return fmt.Errorf("making an instance id: %w", err)
		}
		s.instanceID = random.String()
	}
	return nil
}

// tell says at the start what is kept.
func (s *storage) tell(logger *zap.Logger) {
	instance := zap.String("service.instance.id", s.instanceID)
	switch {
	case s.journal == nil:
		logger.Warn("usage: storage::directory is not set, so sums and span ids are kept in memory only: a restart "+
			"begins new series, and a span sent again after it counts again", instance)
		return
	case s.cut > 0:
		logger.Warn("usage: the journal's last record was half written when the last process died, and was never "+
			"acknowledged; it is dropped", zap.Int64("bytes", s.cut))
	}
	survives := "the death of the process"
	if s.fsync {
		survives = "a loss of power"
	}
	logger.Info("usage: what is acknowledged survives "+survives, instance, zap.Bool("restored", s.restored))
}

// keep writes a checkpoint when one is due, and drops the chapters whose ids are forgotten.
func (s *storage) keep(l *ledger) error {
	if s.journal == nil {
		return nil
	}
	if s.journal.Since() < s.due && s.journal.Chapters() <= l.segments() {
		return nil
	}
	return s.checkpoint(l)
}

func (s *storage) checkpoint(l *ledger) error {
	c, segments := l.takeCheckpoint(s.instanceID)
	if err := s.journal.Checkpoint(c.sequence, c.summary); err != nil {
		return err
	}
	return s.journal.Keep(segments)
}

// close leaves a checkpoint, so that the next start has little to read.
func (s *storage) close(l *ledger) error {
	if s.journal == nil {
		return nil
	}
	return errors.Join(s.checkpoint(l), s.journal.Close())
}

// size is what the journal takes on the disk.
func (s *storage) size() int64 {
	if s.journal == nil {
		return 0
	}
	return s.journal.Bytes()
}
