// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/metric"
)

// Telemetry is the component's own metrics.
type Telemetry struct {
	MappedSpans      metric.Int64Counter
	PricedCalls      metric.Int64Counter
	UnpricedCalls    metric.Int64Counter
	CountedElsewhere metric.Int64Counter
	CountedTwice     metric.Int64Counter
	MemoryShortened  metric.Int64Counter
	MemoryErrors     metric.Int64Counter
	ContentValues    metric.Int64Counter
	DroppedSpans     metric.Int64Counter
}

// NewTelemetry makes the instruments.
func NewTelemetry(set component.TelemetrySettings) (*Telemetry, error) {
	meter, t := set.MeterProvider.Meter(ScopeName), &Telemetry{}
	var errs []error
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return c
	}
	t.MappedSpans = counter("otelcol_genai_mapped_spans", "{span}",
		"Spans about models, agents and tools that had not been mapped, by the vocabulary of their operation.")
	t.PricedCalls = counter("otelcol_genai_priced_calls", "{call}", "Mapped calls that have a cost.")
	t.UnpricedCalls = counter("otelcol_genai_unpriced_calls", "{call}", "Mapped calls whose cost nobody knows.")
	t.CountedElsewhere = counter("otelcol_genai_counted_elsewhere_spans", "{span}",
		"Spans of a request that is counted on another span of it.")
	t.CountedTwice = counter("otelcol_genai_counted_twice_calls", "{call}",
		"Calls that were counted on two spans of them before the Collector could know that they belong together.")
	t.MemoryShortened = counter("otelcol_genai_memory_shortened", "{generation}",
		"Generations of remembered spans that ended before the window, since they were full.")
	t.MemoryErrors = counter("otelcol_genai_memory_errors", "{error}", "Writes and reads of the kept memory that failed.")
	t.ContentValues = counter("otelcol_genai_removed_content_values", "{value}",
		"Attributes and messages removed because they hold content.")
	t.DroppedSpans = counter("otelcol_genai_dropped_spans", "{span}", "Unsampled spans dropped, with drop_unsampled.")
	return t, errors.Join(errs...)
}
