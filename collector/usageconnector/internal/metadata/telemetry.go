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
	RetrySpans          metric.Int64Counter
	ReplaySpans         metric.Int64Counter
	UncertainSpans      metric.Int64Counter
	WithoutUsageSpans   metric.Int64Counter
	LateSpans           metric.Int64Counter
	MalformedValues     metric.Int64Counter
	OverflowValues      metric.Int64Counter
	Heartbeat           metric.Int64Counter
	FlushRefusedPoints  metric.Int64Counter
	CommitDuration      metric.Float64Histogram
	StorageErrors       metric.Int64Counter
	observedSeries      metric.Int64ObservableUpDownCounter
	observedIdle        metric.Int64ObservableUpDownCounter
	observedForgotten   metric.Int64ObservableCounter
	observedIDs         metric.Int64ObservableUpDownCounter
	observedShortenings metric.Int64ObservableCounter
	observedStorage     metric.Int64ObservableUpDownCounter

	meter        metric.Meter
	registration metric.Registration
}

// Sizes is the state that is observed at each collection of the component's own metrics.
type Sizes struct {
	// Series that are sent, by metric name.
	Series map[string]int64
	// SeriesIdle is the number of series that are kept and not sent.
	SeriesIdle int64
	// SeriesForgotten is how many were dropped with their sums.
	SeriesForgotten int64
	// WindowIDs is the number of span ids remembered.
	WindowIDs int64
	// WindowShortened is how often dedupe_limit cut the window short.
	WindowShortened int64
	// StorageBytes is the size of the journal and its checkpoint.
	StorageBytes int64
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
	t.RetrySpans = counter("otelcol_usage_retry_spans", "{span}",
		"Spans whose sender says that an earlier send had no answer.")
	t.ReplaySpans = counter("otelcol_usage_replay_spans", "{span}",
		"Spans that were skipped because their sender says that they were acknowledged before.")
	t.UncertainSpans = counter("otelcol_usage_uncertain_spans", "{span}",
		"Retries first sent before the window of span ids began: counted apart, since they may have been counted.")
	t.WithoutUsageSpans = counter("otelcol_usage_without_usage_spans", "{span}",
		"Counted spans that pass the filter without_usage.")
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
	t.StorageErrors = counter("otelcol_usage_storage_errors", "{error}",
		"Writes to the journal that failed. The spans of a failed commit were not acknowledged.")
	var err error
	t.CommitDuration, err = t.meter.Float64Histogram("otelcol_usage_commit_duration",
		metric.WithUnit("s"), metric.WithDescription("Time that one write of committed spans to the journal took."),
		metric.WithExplicitBucketBoundaries(0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5))
	errs = append(errs, err, t.makeObserved())
	return t, errors.Join(errs...)
}

func (t *Telemetry) makeObserved() error {
	var errs []error
	sum := func(name, unit, description string) metric.Int64ObservableUpDownCounter {
		c, err := t.meter.Int64ObservableUpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return c
	}
	count := func(name, unit, description string) metric.Int64ObservableCounter {
		c, err := t.meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return c
	}
	t.observedSeries = sum("otelcol_usage_series", "{series}", "Series sent, by metric, overflow series included.")
	t.observedIdle = sum("otelcol_usage_series_idle", "{series}", "Series that ended after idle_expiry; their sums are kept.")
	t.observedForgotten = count("otelcol_usage_series_forgotten", "{series}",
		"Idle series dropped with their sums, because there were more than series_limit.")
	t.observedIDs = sum("otelcol_usage_duplicate_window_ids", "{span}", "Span ids that are remembered to recognise duplicates.")
	t.observedShortenings = count("otelcol_usage_duplicate_window_shortened", "{segment}",
		"Segments of span ids forgotten before dedupe_window because dedupe_limit was reached.")
	t.observedStorage = sum("otelcol_usage_storage_bytes", "By", "Size of the journal and its checkpoint on disk.")
	return errors.Join(errs...)
}

// Observe reports sizes at each collection, until Shutdown.
func (t *Telemetry) Observe(sizes func() Sizes) error {
	var err error
	t.registration, err = t.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := sizes()
		for name, n := range s.Series {
			o.ObserveInt64(t.observedSeries, n, metric.WithAttributes(attribute.String("metric", name)))
		}
		o.ObserveInt64(t.observedIdle, s.SeriesIdle)
		o.ObserveInt64(t.observedForgotten, s.SeriesForgotten)
		o.ObserveInt64(t.observedIDs, s.WindowIDs)
		o.ObserveInt64(t.observedShortenings, s.WindowShortened)
		o.ObserveInt64(t.observedStorage, s.StorageBytes)
		return nil
	}, t.observedSeries, t.observedIdle, t.observedForgotten, t.observedIDs, t.observedShortenings, t.observedStorage)
	return err
}

// Shutdown ends the observation.
func (t *Telemetry) Shutdown() error {
	if t.registration == nil {
		return nil
	}
	return t.registration.Unregister()
}
