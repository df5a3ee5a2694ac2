// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/metadata"
)

// tally is what was done with a request.
type tally struct {
	vocabularies map[string]int64

	priced, unpriced, elsewhere, twice, content, dropped int64
}

func (t *tally) mapped(vocabulary string) {
	if t.vocabularies == nil {
		t.vocabularies = make(map[string]int64, 1)
	}
	t.vocabularies[vocabulary]++
}

func (t *tally) price(found bool) {
	if found {
		t.priced++
	} else {
		t.unpriced++
	}
}

// telemetry reports what an instance did through the Collector's own meter.
type telemetry struct {
	own      *metadata.Telemetry
	instance attribute.KeyValue
	logger   *zap.Logger
}

func newTelemetry(own *metadata.Telemetry, id component.ID, logger *zap.Logger) *telemetry {
	return &telemetry{own: own, instance: attribute.String("processor", id.String()), logger: logger}
}

// note touches counters at zero too, so that an alert on their increase sees the first event.
func (t *telemetry) note(ctx context.Context, did *tally) {
	here := metric.WithAttributes(t.instance)
	t.own.PricedCalls.Add(ctx, did.priced, here)
	t.own.UnpricedCalls.Add(ctx, did.unpriced, here)
	t.own.CountedElsewhere.Add(ctx, did.elsewhere, here)
	t.own.CountedTwice.Add(ctx, did.twice, here)
	t.own.MemoryShortened.Add(ctx, 0, here)
	t.own.MemoryErrors.Add(ctx, 0, here)
	t.own.ContentValues.Add(ctx, did.content, here)
	t.own.DroppedSpans.Add(ctx, did.dropped, here)
	for name, n := range did.vocabularies {
		t.own.MappedSpans.Add(ctx, n, metric.WithAttributes(t.instance, attribute.String("vocabulary", name)))
	}
}

func (t *telemetry) shortened() {
	t.own.MemoryShortened.Add(context.Background(), 1, metric.WithAttributes(t.instance))
}

func (t *telemetry) notKept(err error) {
	t.own.MemoryErrors.Add(context.Background(), 1, metric.WithAttributes(t.instance))
	t.logger.Warn("genai: the memory was not kept on disk; after a restart a request may count on two spans", zap.Error(err))
}
