// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	otelmetric "go.opentelemetry.io/otel/metric"

	"github.com/agentgauge/agentgauge/collector/usageconnector/internal/metadata"
)

// telemetry reports what the connector did through the Collector's own meter.
type telemetry struct {
	own  *metadata.Telemetry
	plan *plan
}

func newTelemetry(set component.TelemetrySettings, p *plan, l *ledger, s *storage) (*telemetry, error) {
	own, err := metadata.NewTelemetry(set)
	if err != nil {
		return nil, err
	}
	return &telemetry{own: own, plan: p}, own.Observe(func() metadata.Sizes { return l.sizes(s) })
}

// note counts what a commit did. Counters are touched at zero too, so that they exist from the
// first request on and an alert on their increase sees the first event.
func (t *telemetry) note(ctx context.Context, b *batch, done *outcome) {
	t.own.Spans.Add(ctx, b.spans)
	t.own.CountedSpans.Add(ctx, done.counted)
	t.own.DuplicateSpans.Add(ctx, done.duplicate)
	t.own.RetrySpans.Add(ctx, done.retry)
	t.own.ReplaySpans.Add(ctx, done.replay)
	t.own.UncertainSpans.Add(ctx, done.uncertain)
	t.own.WithoutUsageSpans.Add(ctx, done.noUsage)
	t.own.LateSpans.Add(ctx, done.late)
	for why, n := range done.malformed {
		t.own.MalformedValues.Add(ctx, n, otelmetric.WithAttributes(attribute.String("reason", string(why))))
	}
	for index, n := range done.overflow {
		t.own.OverflowValues.Add(ctx, n, otelmetric.WithAttributes(attribute.String("metric", t.plan.metrics[index].name)))
	}
}

// committed is told of each write to the journal; what only failed took no time.
func (t *telemetry) committed(took time.Duration, err error) {
	if took > 0 {
		t.own.CommitDuration.Record(context.Background(), took.Seconds())
	}
	if err != nil {
		t.own.StorageErrors.Add(context.Background(), 1)
	}
}

func (t *telemetry) refused(ctx context.Context, points int) {
	t.own.FlushRefusedPoints.Add(ctx, int64(points))
}

// beat marks a finished flush. The counters that alerts read are touched here, so that they
// are there before anything goes wrong.
func (t *telemetry) beat(ctx context.Context) {
	t.own.Heartbeat.Add(ctx, 1)
	for _, c := range []otelmetric.Int64Counter{
		t.own.DuplicateSpans, t.own.RetrySpans, t.own.ReplaySpans, t.own.UncertainSpans, t.own.WithoutUsageSpans,
		t.own.LateSpans, t.own.FlushRefusedPoints, t.own.StorageErrors,
	} {
		c.Add(ctx, 0)
	}
}

func (t *telemetry) shutdown() error { return t.own.Shutdown() }

// sizes is the ledger's state for the connector's own metrics.
func (l *ledger) sizes(s *storage) metadata.Sizes {
	l.mu.Lock()
	defer l.mu.Unlock()
	sizes := metadata.Sizes{
		Series:          make(map[string]int64, len(l.book.plan.metrics)),
		SeriesForgotten: l.forgotten,
		WindowIDs:       int64(l.window.ids),
		WindowShortened: l.window.cutShort,
		StorageBytes:    s.size(),
	}
	for i, m := range l.book.plan.metrics {
		sizes.Series[m.name] = int64(l.book.seriesOf[i] + l.book.overflowOf[i])
		sizes.SeriesIdle += int64(l.book.idleOf[i])
	}
	return sizes
}
