// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
)

// Config of the connector. Limits bound memory, whatever the spans say.
type Config struct {
	// Metrics to make; at least one.
	Metrics []MetricConfig `mapstructure:"metrics"`
	// ResourceLabels are the resource attributes that tell one OTLP resource from another.
	ResourceLabels []ResourceLabelConfig `mapstructure:"resource_labels"`
	// Storage keeps sums and span ids over restarts.
	Storage StorageConfig `mapstructure:"storage"`
	// InstanceID becomes service.instance.id; empty means a random one, kept in the storage.
	InstanceID string `mapstructure:"instance_id"`
	// FlushInterval is the time between two exports of all series.
	FlushInterval time.Duration `mapstructure:"flush_interval"`
	// ZeroRepeat is how long a new series' zero point is repeated.
	ZeroRepeat time.Duration `mapstructure:"zero_repeat"`
	// DedupeWindow is how long a span id is remembered, in the connector's own uptime.
	DedupeWindow time.Duration `mapstructure:"dedupe_window"`
	// DedupeLimit is the number of span ids kept; reaching it shortens the window.
	DedupeLimit int `mapstructure:"dedupe_limit"`
	// SeriesLimit is the number of series of each metric, over all resources.
	SeriesLimit int `mapstructure:"series_limit"`
	// ResourceLimit is the number of resources.
	ResourceLimit int `mapstructure:"resource_limit"`
	// IdleExpiry is how long a series is sent without a change, in the connector's uptime; 0 is for ever.
	IdleExpiry time.Duration `mapstructure:"idle_expiry"`
	// Delivery names the span attributes by which senders tell what they send again.
	Delivery DeliveryConfig `mapstructure:"delivery"`
	// Exemplars link points to spans.
	Exemplars ExemplarsConfig `mapstructure:"exemplars"`
	// WithoutUsage chooses the spans that the connector's own metrics count as without usage.
	WithoutUsage *FilterConfig `mapstructure:"without_usage"`
	// LabelMaxBytes is where label values are cut.
	LabelMaxBytes int `mapstructure:"label_max_bytes"`
}

// StorageConfig is where the state is kept; without a directory it is in memory only.
type StorageConfig struct {
	// Directory of this connector alone.
	Directory string `mapstructure:"directory"`
	// Fsync waits at each commit until it would survive a loss of power, not only of the process.
	Fsync bool `mapstructure:"fsync"`
}

// DeliveryConfig names span attributes.
type DeliveryConfig struct {
	// Mark is first, retry or replay.
	Mark string `mapstructure:"mark"`
	// FirstAt is when a retry was first sent, in unix seconds.
	FirstAt string `mapstructure:"first_at"`
}

// ExemplarsConfig says whether points carry exemplars.
type ExemplarsConfig struct {
	Enabled bool `mapstructure:"enabled"`
	// Sampled is the span attribute that is false where sampling drops the span; others are preferred.
	Sampled string `mapstructure:"sampled"`
}

// ResourceLabelConfig is one attribute of the resources that metrics are sent under.
type ResourceLabelConfig struct {
	Attribute string `mapstructure:"attribute"`
	// Default is used where a span's resource lacks the attribute; empty leaves it out.
	Default string `mapstructure:"default"`
}

const instanceAttribute = "service.instance.id"

var _ component.Config = (*Config)(nil)

func createDefaultConfig() component.Config {
	return &Config{
		ResourceLabels: []ResourceLabelConfig{
			{Attribute: "service.name", Default: "unknown_service"},
			{Attribute: "deployment.environment.name"},
		},
		FlushInterval: 15 * time.Second,
		ZeroRepeat:    10 * time.Minute,
		DedupeWindow:  6 * time.Hour,
		DedupeLimit:   4_000_000,
		SeriesLimit:   10_000,
		ResourceLimit: 1_000,
		IdleExpiry:    7 * 24 * time.Hour,
		Delivery:      DeliveryConfig{Mark: "agentgauge.delivery", FirstAt: "agentgauge.delivery.first_at"},
		Exemplars:     ExemplarsConfig{Enabled: true, Sampled: "agentgauge.sampled"},
		LabelMaxBytes: 256,
	}
}

// Validate names the key of each wrong setting. The Collector validates the nested
// settings itself and puts their path before the message.
func (c *Config) Validate() error {
	var errs []error
	if len(c.Metrics) == 0 {
		errs = append(errs, errors.New("metrics: at least one metric is needed"))
	}
	names := make(map[string]int, len(c.Metrics))
	for i, m := range c.Metrics {
		if first, known := names[m.Name]; known && m.Name != "" {
			errs = append(errs, fmt.Errorf("metrics::%d: name: %q is already the name of metrics::%d", i, m.Name, first))
			continue
		}
		names[m.Name] = i
	}
	for _, d := range []struct {
		key   string
		value time.Duration
		least time.Duration
	}{
		{"flush_interval", c.FlushInterval, 10 * time.Millisecond},
		{"zero_repeat", c.ZeroRepeat, 0},
		{"dedupe_window", c.DedupeWindow, time.Second},
		{"idle_expiry", c.IdleExpiry, 0},
	} {
		if d.value < d.least {
			errs = append(errs, fmt.Errorf("%s: must be at least %s, got %s", d.key, d.least, d.value))
		}
	}
	for _, n := range []struct {
		key   string
		value int
		least int
	}{
		{"dedupe_limit", c.DedupeLimit, 1_000},
		{"series_limit", c.SeriesLimit, 1},
		{"resource_limit", c.ResourceLimit, 1},
		{"label_max_bytes", c.LabelMaxBytes, 8},
	} {
		if n.value < n.least {
			errs = append(errs, fmt.Errorf("%s: must be at least %d, got %d", n.key, n.least, n.value))
		}
	}
	for _, a := range []struct{ key, name string }{
		{"delivery::mark", c.Delivery.Mark},
		{"delivery::first_at", c.Delivery.FirstAt},
		{"exemplars::sampled", c.Exemplars.Sampled},
	} {
		if a.name == "" {
			errs = append(errs, fmt.Errorf("%s: must name an attribute", a.key))
		}
	}
	return oneLine(append(errs, c.validateResourceLabels()...))
}

// oneLine keeps errors together behind the path that the Collector puts before a message.
func oneLine(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

func (c *Config) validateResourceLabels() []error {
	var errs []error
	seen := make(map[string]bool, len(c.ResourceLabels))
	for i, l := range c.ResourceLabels {
		switch {
		case l.Attribute == "":
			errs = append(errs, fmt.Errorf("resource_labels::%d: attribute: must not be empty", i))
		case l.Attribute == instanceAttribute:
			errs = append(errs, fmt.Errorf("resource_labels::%d: attribute: %q is set by instance_id", i, l.Attribute))
		case seen[l.Attribute]:
			errs = append(errs, fmt.Errorf("resource_labels::%d: attribute: %q is listed twice", i, l.Attribute))
		}
		seen[l.Attribute] = true
	}
	return errs
}
