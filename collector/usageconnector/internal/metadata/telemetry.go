// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Telemetry is the component's own metrics.
type Telemetry struct {
	Spans               metric.Int64Counter
	CountedSpans        metric.Int64Counter
	DuplicateSpans      metric.Int64Counter
	LateSpans           metric.Int64Counter
	MalformedValues     metric.Int64Counter
	OverflowValues      metric.Int64Counter
	Heartbeat           metric.Int64Counter
	FlushRefusedPoints  metric.Int64Counter
	observedSeries      metric.Int64ObservableUpDownCounter
	observedIDs         metric.Int64ObservableUpDownCounter
	observedShortenings metric.Int64ObservableCounter

	meter        metric.Meter
	registration metric.Registration
}

// Sizes is the state that is observed at each collection of the component's own metrics.
type Sizes struct {
	// Series by metric name.
	Series map[string]int64
	// WindowIDs is the number of span ids remembered.
	WindowIDs int64
	// WindowShortened is how often dedupe_limit cut the window short.
	WindowShortened int64
}

// NewTelemetry makes the instruments.
func NewTelemetry(set component.TelemetrySettings) (*Telemetry, error) {
	t := &Telemetry{meter: set.MeterProvider.Meter(ScopeName)}
	var errs []error
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := t.meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return c
	}
	t.Spans = counter("otelcol_usage_spans", "{span}", "Spans received.")
	t.CountedSpans = counter("otelcol_usage_counted_spans", "{span}",
		"Distinct spans that at least one metric counted.")
	t.DuplicateSpans = counter("otelcol_usage_duplicate_spans", "{span}",
		"Spans that were skipped because their trace and span id had been counted before.")
	t.LateSpans = counter("otelcol_usage_late_spans", "{span}",
		"Counted spans that arrived more than 10 minutes after their end.")
	t.MalformedValues = counter("otelcol_usage_malformed_values", "{value}",
		"Values that could not be counted, by reason. The rest of their span was counted.")
	t.OverflowValues = counter("otelcol_usage_overflow_values", "{value}",
		"Values added to an overflow series because series_limit or resource_limit was reached.")
	t.Heartbeat = counter("otelcol_usage_heartbeat", "{flush}",
		"Flushes finished, empty and refused ones included. A flat line means that the connector stopped.")
	t.FlushRefusedPoints = counter("otelcol_usage_flush_refused_points", "{point}",
		"Points of requests that the next consumer refused. The next flush sends the same sums again.")
	var err error
	t.observedSeries, err = t.meter.Int64ObservableUpDownCounter("otelcol_usage_series",
		metric.WithUnit("{series}"), metric.WithDescription("Series kept, by metric, overflow series included."))
	errs = append(errs, err)
	t.observedIDs, err = t.meter.Int64ObservableUpDownCounter("otelcol_usage_duplicate_window_ids",
		metric.WithUnit("{span}"), metric.WithDescription("Span ids that are remembered to recognise duplicates."))
	errs = append(errs, err)
	t.observedShortenings, err = t.meter.Int64ObservableCounter("otelcol_usage_duplicate_window_shortened",
		metric.WithUnit("{segment}"), metric.WithDescription("Segments of span ids forgotten before dedupe_window because dedupe_limit was reached."))
	errs = append(errs, err)
	return t, errors.Join(errs...)
}

// Observe reports sizes at each collection, until Shutdown.
func (t *Telemetry) Observe(sizes func() Sizes) error {
	var err error
	t.registration, err = t.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := sizes()
		for name, n := range s.Series {
			o.ObserveInt64(t.observedSeries, n, metric.WithAttributes(attribute.String("metric", name)))
		}
		o.ObserveInt64(t.observedIDs, s.WindowIDs)
		o.ObserveInt64(t.observedShortenings, s.WindowShortened)
		return nil
	}, t.observedSeries, t.observedIDs, t.observedShortenings)
	return err
}

// Shutdown ends the observation.
func (t *Telemetry) Shutdown() error {
	if t.registration == nil {
		return nil
	}
	return t.registration.Unregister()
}
