// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

const (
	typeCounter   = "counter"
	typeHistogram = "histogram"

	asText     = ""
	asPositive = "positive"
	asEndMonth = "end_month"

	overflowAttribute = "otel.metric.overflow"
)

// MetricConfig says which spans a metric reads, what it adds, and by which labels.
type MetricConfig struct {
	Name        string `mapstructure:"name"`
	Description string `mapstructure:"description"`
	Unit        string `mapstructure:"unit"`
	// Type is counter or histogram.
	Type string `mapstructure:"type"`
	// Scale multiplies a counter's integer sum at export, 1e-9 makes USD of nano-USD; 0 means 1.
	Scale float64 `mapstructure:"scale"`
	// Buckets are the upper bounds of a histogram, rising.
	Buckets []float64 `mapstructure:"buckets"`
	// Filter chooses spans; an empty one takes all.
	Filter FilterConfig `mapstructure:"filter"`
	// Uncertain makes a metric of the spans that may have been counted before, and of no others.
	Uncertain bool `mapstructure:"uncertain"`
	// Labels of every point, read from the span.
	Labels []LabelConfig `mapstructure:"labels"`
	// FanOut makes values lists that run parallel to a list of names.
	FanOut *FanOutConfig `mapstructure:"fan_out"`
	// Values are what one span adds; each adds on its own.
	Values []ValueConfig `mapstructure:"values"`
}

// LabelConfig makes one label of a point from one span.
type LabelConfig struct {
	// Attribute of the span; not needed for end_month.
	Attribute string `mapstructure:"attribute"`
	// Label is its name on the point; empty means the attribute's own.
	Label string `mapstructure:"label"`
	// Default stands in for a missing or empty value; without one the label is left out.
	Default string `mapstructure:"default"`
	// As is empty for the value's text, positive for "true" where a number is above zero and
	// "false" where it is not or is missing, end_month for YYYYMM of the span's end in UTC.
	As string `mapstructure:"as"`
}

// FanOutConfig names a list attribute whose entries become a label.
type FanOutConfig struct {
	Names string `mapstructure:"names"`
	Label string `mapstructure:"label"`
	// Limit is the number of entries with their own label; the others share Rest.
	Limit int    `mapstructure:"limit"`
	Rest  string `mapstructure:"rest"`
}

// ValueConfig is one addend: exactly one of attribute, constant, duration.
type ValueConfig struct {
	// Attribute holds a number, or with fan_out a list of numbers.
	Attribute string `mapstructure:"attribute"`
	// Constant is added for every span, or with fan_out for every name.
	Constant int64 `mapstructure:"constant"`
	// Duration adds end minus start: seconds in a histogram, integer nanoseconds in a counter.
	Duration bool `mapstructure:"duration"`
	// Positive adds 1 where the attribute is above zero, in place of its value.
	Positive bool `mapstructure:"positive"`
	// Labels that are constant for this addend.
	Labels map[string]string `mapstructure:"labels"`
}

const (
	defaultFanOutLimit = 64
	defaultFanOutRest  = "other"
)

// Validate names the wrong keys, relative to this metric.
func (m *MetricConfig) Validate() error {
	var errs []error
	if m.Name == "" {
		errs = append(errs, errors.New("name: must not be empty"))
	}
	switch m.Type {
	case typeCounter:
		if len(m.Buckets) > 0 {
			errs = append(errs, errors.New("buckets: only a histogram has them"))
		}
	case typeHistogram:
		errs = append(errs, m.validateHistogram()...)
	default:
		errs = append(errs, fmt.Errorf("type: must be %s or %s, got %q", typeCounter, typeHistogram, m.Type))
	}
	if m.Scale < 0 || math.IsNaN(m.Scale) || math.IsInf(m.Scale, 0) {
		errs = append(errs, fmt.Errorf("scale: must be a finite number above zero, got %v", m.Scale))
	}
	if len(m.Values) == 0 {
		errs = append(errs, errors.New("values: at least one value is needed"))
	}
	if m.FanOut != nil {
		for i, v := range m.Values {
			if v.Duration {
				errs = append(errs, fmt.Errorf("values::%d: duration: is not a list, so it cannot be used with fan_out", i))
			}
		}
	}
	return oneLine(append(errs, m.validateLabelNames()...))
}

func (m *MetricConfig) validateHistogram() []error {
	var errs []error
	if len(m.Buckets) == 0 {
		errs = append(errs, errors.New("buckets: a histogram needs at least one bound"))
	}
	for i, b := range m.Buckets {
		if math.IsNaN(b) || math.IsInf(b, 0) || i > 0 && b <= m.Buckets[i-1] {
			errs = append(errs, fmt.Errorf("buckets::%d: bounds must be finite and rise, got %v", i, b))
		}
	}
	if m.Scale != 0 && m.Scale != 1 {
		errs = append(errs, errors.New("scale: a histogram has none; give its attribute in the metric's unit"))
	}
	if m.FanOut != nil {
		errs = append(errs, errors.New("fan_out: only a counter can have it"))
	}
	return errs
}

// validateLabelNames refuses two labels of one name, since a backend would merge or refuse the points.
func (m *MetricConfig) validateLabelNames() []error {
	var errs []error
	seen := map[string]string{prometheusName(overflowAttribute): "the overflow series"}
	claim := func(key, name string) {
		if by, taken := seen[prometheusName(name)]; taken && name != "" {
			errs = append(errs, fmt.Errorf("%s: %q is already the label of %s", key, name, by))
			return
		}
		seen[prometheusName(name)] = key
	}
	for i, l := range m.Labels {
		claim(fmt.Sprintf("labels::%d: label", i), l.name())
	}
	if m.FanOut != nil {
		claim("fan_out::label", m.FanOut.Label)
	}
	for i, v := range m.Values {
		for name := range v.Labels {
			if by, taken := seen[prometheusName(name)]; taken {
				errs = append(errs, fmt.Errorf("values::%d: labels: %q is already the label of %s", i, name, by))
			}
		}
	}
	return errs
}

// prometheusName is how Prometheus' default translation sees a label: a.b and a_b are one.
func prometheusName(label string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, label)
}

func (l *LabelConfig) name() string {
	if l.Label != "" {
		return l.Label
	}
	return l.Attribute
}

// Validate names the wrong key of a label.
func (l *LabelConfig) Validate() error {
	switch l.As {
	case asText, asPositive:
		if l.Attribute == "" {
			return errors.New("attribute: must not be empty")
		}
	case asEndMonth:
		if l.Attribute != "" {
			return fmt.Errorf("attribute: as: %s reads the span's end, not an attribute", asEndMonth)
		}
		if l.Label == "" {
			return fmt.Errorf("label: must not be empty with as: %s", asEndMonth)
		}
	default:
		return fmt.Errorf("as: must be empty, %s or %s, got %q", asPositive, asEndMonth, l.As)
	}
	return nil
}

// Validate names the wrong key of a fan-out.
func (f *FanOutConfig) Validate() error {
	var errs []error
	if f.Names == "" {
		errs = append(errs, errors.New("names: must not be empty"))
	}
	if f.Label == "" {
		errs = append(errs, errors.New("label: must not be empty"))
	}
	if f.Limit < 0 {
		errs = append(errs, fmt.Errorf("limit: must be above zero, or 0 for %d, got %d", defaultFanOutLimit, f.Limit))
	}
	return oneLine(errs)
}

// Validate names the wrong key of a value.
func (v *ValueConfig) Validate() error {
	var errs []error
	sources := 0
	for _, given := range []bool{v.Attribute != "", v.Constant != 0, v.Duration} {
		if given {
			sources++
		}
	}
	if sources != 1 {
		errs = append(errs, fmt.Errorf("attribute: exactly one of attribute, constant, duration is needed, got %d", sources))
	}
	if v.Constant < 0 {
		errs = append(errs, fmt.Errorf("constant: must be above zero, got %d", v.Constant))
	}
	if v.Positive && v.Attribute == "" {
		errs = append(errs, errors.New("positive: needs an attribute"))
	}
	for name := range v.Labels {
		if name == "" {
			errs = append(errs, errors.New("labels: a label name must not be empty"))
		}
	}
	return oneLine(errs)
}
