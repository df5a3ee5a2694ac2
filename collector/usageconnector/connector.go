// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/agentgauge/agentgauge/collector/usageconnector/internal/metadata"
)

const scopeName = metadata.ScopeName

// usageConnector counts spans as they come and sends all sums at each flush.
type usageConnector struct {
	logger     *zap.Logger
	telemetry  *telemetry
	next       consumer.Metrics
	clock      clock
	interval   time.Duration
	instanceID string
	plan       *plan
	ledger     *ledger

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
	instanceID := cfg.InstanceID
	if instanceID == "" {
		random, err := uuid.NewRandom()
		if err != nil {
			return nil, fmt.Errorf("making an instance id: %w", err)
		}
		instanceID = random.String()
	}
	p := compile(cfg)
	u := &usageConnector{
		logger:     set.Logger,
		next:       next,
		clock:      c,
		interval:   cfg.FlushInterval,
		instanceID: instanceID,
		plan:       p,
		ledger:     newLedger(cfg, p, c.now()),
		stop:       make(chan struct{}),
	}
	var err error
	if u.telemetry, err = newTelemetry(set, p, u.ledger); err != nil {
		return nil, fmt.Errorf("making the connector's own metrics: %w", err)
	}
	return u, nil
}

// Capabilities: spans are only read.
func (*usageConnector) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// Start begins to flush.
func (u *usageConnector) Start(context.Context, component.Host) error {
	u.logger.Warn("usage: sums and span ids are kept in memory only: a restart begins new series, "+
		"and a span sent again after it counts again", zap.String("service.instance.id", u.instanceID))
	ctx, cancel := context.WithCancel(context.Background())
	u.cancel = cancel
	u.running.Go(func() { u.flushUntilStopped(ctx) })
	return nil
}

func (u *usageConnector) flushUntilStopped(ctx context.Context) {
	ticker := time.NewTicker(u.interval)
	defer ticker.Stop()
	for {
		select {
		case <-u.stop:
			return
		case <-ticker.C:
			if err := u.flush(ctx); err != nil {
				u.logger.Error("usage: a flush was refused; the next one sends the same sums again", zap.Error(err))
			}
		}
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
	return errors.Join(u.flush(ctx), u.telemetry.shutdown())
}

// ConsumeTraces counts the spans that are new. Spans are read before the ledger is locked.
func (u *usageConnector) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	b := u.plan.read(td, u.clock.now())
	done, err := u.ledger.commit(ctx, b, u.clock.uptime())
	if err != nil {
		return err
	}
	u.telemetry.note(ctx, b, done)
	return nil
}

// flush sends every series. A refused request keeps back none of the others.
func (u *usageConnector) flush(ctx context.Context) error {
	var errs []error
	for _, r := range u.ledger.snapshot(u.clock.now()).requests(u.instanceID) {
		if err := u.next.ConsumeMetrics(ctx, r.metrics); err != nil {
			u.telemetry.refused(ctx, r.points)
			errs = append(errs, fmt.Errorf("sending %d points: %w", r.points, err))
		}
	}
	u.telemetry.beat(ctx)
	return errors.Join(errs...)
}
