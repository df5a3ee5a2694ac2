// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/agentgauge/agentgauge/collector/usageconnector/internal/metadata"
)

const scopeName = metadata.ScopeName

// usageConnector counts spans as they come and sends all sums at each flush.
type usageConnector struct {
	logger    *zap.Logger
	telemetry *telemetry
	next      consumer.Metrics
	clock     clock
	config    *Config
	plan      *plan
	ledger    *ledger
	storage   *storage

	stop     chan struct{}
	stopOnce sync.Once
	running  sync.WaitGroup
	cancel   context.CancelFunc
}

// clock is the time of day, and the time since the start, which nobody can set back.
type clock struct {
	now    func() time.Time
	uptime func() time.Duration
}

func systemClock() clock {
	started := time.Now()
	return clock{now: time.Now, uptime: func() time.Duration { return time.Since(started) }}
}

func newUsageConnector(set component.TelemetrySettings, cfg *Config, next consumer.Metrics, c clock) (*usageConnector, error) {
	p := compile(cfg)
	u := &usageConnector{
		logger:  set.Logger,
		next:    next,
		clock:   c,
		config:  cfg,
		plan:    p,
		ledger:  newLedger(cfg, p, c),
		storage: &storage{instanceID: cfg.InstanceID, due: checkpointBytes},
		stop:    make(chan struct{}),
	}
	var err error
	if u.telemetry, err = newTelemetry(set, p, u.ledger, u.storage); err != nil {
		return nil, fmt.Errorf("making the connector's own metrics: %w", err)
	}
	u.ledger.watch = u.telemetry.committed
	return u, nil
}

// Capabilities: spans are only read.
func (*usageConnector) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// Start reads what an earlier process kept, sends it, and begins to flush.
func (u *usageConnector) Start(context.Context, component.Host) error {
	if err := u.storage.open(&u.config.Storage, u.ledger); err != nil {
		return fmt.Errorf("storage::directory: %w", err)
	}
	u.storage.tell(u.logger)
	ctx, cancel := context.WithCancel(context.Background())
	u.cancel = cancel
	u.running.Go(func() { u.flushUntilStopped(ctx) })
	return nil
}

func (u *usageConnector) flushUntilStopped(ctx context.Context) {
	ticker := time.NewTicker(u.config.FlushInterval)
	defer ticker.Stop()
	if u.storage.restored {
		u.flushAndKeep(ctx)
	}
	for {
		select {
		case <-u.stop:
			return
		case <-ticker.C:
			u.flushAndKeep(ctx)
		}
	}
}

func (u *usageConnector) flushAndKeep(ctx context.Context) {
	if err := u.flush(ctx); err != nil {
		u.logger.Error("usage: a flush was refused; the next one sends the same sums again", zap.Error(err))
	}
	if err := u.storage.keep(u.ledger); err != nil {
		u.telemetry.committed(0, err)
		u.logger.Error("usage: the checkpoint was not written; the journal grows until one is", zap.Error(err))
	}
}

// Shutdown sends all sums once more. A flush that is under way is waited for, until ctx ends.
func (u *usageConnector) Shutdown(ctx context.Context) error {
	if u.cancel == nil {
		return u.telemetry.shutdown()
	}
	u.stopOnce.Do(func() { close(u.stop) })
	unhook := context.AfterFunc(ctx, u.cancel)
	u.running.Wait()
	unhook()
	u.cancel()
	return errors.Join(u.flush(ctx), u.storage.close(u.ledger), u.telemetry.shutdown())
}

// ConsumeTraces counts the spans that are new. When it returns without an error they are
// durable, as far as storage says; after an error none of them was counted.
func (u *usageConnector) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	b := u.plan.read(td, u.clock.now())
	done, err := u.ledger.commit(b)
	if err != nil {
		return err
	}
	u.telemetry.note(ctx, b, &done)
	return nil
}

// flush sends every series. A refused request keeps back none of the others.
func (u *usageConnector) flush(ctx context.Context) error {
	var errs []error
	for _, r := range u.ledger.snapshot().requests(u.storage.instanceID) {
		if err := u.next.ConsumeMetrics(ctx, r.metrics); err != nil {
			u.telemetry.refused(ctx, r.points)
			errs = append(errs, fmt.Errorf("sending %d points: %w", r.points, err))
		}
	}
	u.telemetry.beat(ctx)
	return errors.Join(errs...)
}
