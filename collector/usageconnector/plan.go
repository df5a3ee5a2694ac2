// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// plan is the configuration, compiled: attribute names are slots, and filters and label
// lists that several metrics share are there once, so that a span answers each only once.
type plan struct {
	slots     map[string]int
	filters   []filter
	labelSets [][]label
	metrics   []*metric
	resource  []ResourceLabelConfig
	maxBytes  int
	// mark, firstAt and sampled are slots; withoutUsage is a filter, or noFilter.
	mark, firstAt, sampled int
	withoutUsage           int
	exemplars              bool
}

type metric struct {
	index       int
	name        string
	description string
	unit        string
	histogram   bool
	scale       float64
	buckets     []float64
	uncertain   bool
	filter      int
	labelSet    int
	fanOut      *fanOut
	values      []value
	// labelNames are those of the label set, then the fan-out's.
	labelNames []string
	// constants are the distinct sets of constant labels, sorted by name.
	constants [][]pair
}

type value struct {
	// slot is noSlot for a constant and for a duration.
	slot     int
	constant int64
	duration bool
	positive bool
	// constants is an index into the metric's constants.
	constants int
}

type pair struct{ name, value string }

const (
	noSlot   = -1
	noFilter = -1
)

func compile(cfg *Config) *plan {
	p := &plan{
		slots:        map[string]int{},
		resource:     cfg.ResourceLabels,
		maxBytes:     cfg.LabelMaxBytes,
		withoutUsage: noFilter,
		exemplars:    cfg.Exemplars.Enabled,
	}
	p.mark, p.firstAt = p.slot(cfg.Delivery.Mark), p.slot(cfg.Delivery.FirstAt)
	p.sampled = p.slot(cfg.Exemplars.Sampled)
	filters, labelSets := map[string]int{}, map[string]int{}
	for i := range cfg.Metrics {
		m := &cfg.Metrics[i]
		compiled := &metric{
			index:       i,
			name:        m.Name,
			description: m.Description,
			unit:        m.Unit,
			histogram:   m.Type == typeHistogram,
			scale:       m.Scale,
			buckets:     m.Buckets,
			uncertain:   m.Uncertain,
			filter: intern(filters, filterIdentity(&m.Filter), func() {
				p.filters = append(p.filters, p.compileFilter(&m.Filter))
			}),
			labelSet: intern(labelSets, fmt.Sprintf("%q", m.Labels), func() {
				p.labelSets = append(p.labelSets, p.compileLabels(m.Labels))
			}),
		}
		for j := range m.Labels {
			compiled.labelNames = append(compiled.labelNames, m.Labels[j].name())
		}
		if f := m.FanOut; f != nil {
			compiled.fanOut = p.compileFanOut(f)
			compiled.labelNames = append(compiled.labelNames, f.Label)
		}
		p.compileValues(compiled, m.Values)
		p.metrics = append(p.metrics, compiled)
	}
	if f := cfg.WithoutUsage; f != nil {
		p.withoutUsage = intern(filters, filterIdentity(f), func() {
			p.filters = append(p.filters, p.compileFilter(f))
		})
	}
	return p
}

// intern gives equal identities one index and calls add for each new one.
func intern(known map[string]int, identity string, add func()) int {
	index, ok := known[identity]
	if !ok {
		index = len(known)
		known[identity] = index
		add()
	}
	return index
}

func (p *plan) slot(attribute string) int {
	slot, ok := p.slots[attribute]
	if !ok {
		slot = len(p.slots)
		p.slots[attribute] = slot
	}
	return slot
}

func (p *plan) compileValues(m *metric, values []ValueConfig) {
	sets := map[string]int{}
	for _, v := range values {
		pairs := make([]pair, 0, len(v.Labels))
		for name, text := range v.Labels {
			pairs = append(pairs, pair{name, text})
		}
		slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.name, b.name) })
		one := value{
			slot:     noSlot,
			constant: v.Constant,
			duration: v.Duration,
			positive: v.Positive,
			constants: intern(sets, fmt.Sprintf("%q", pairs), func() {
				m.constants = append(m.constants, pairs)
			}),
		}
		if v.Attribute != "" {
			one.slot = p.slot(v.Attribute)
		}
		m.values = append(m.values, one)
	}
}

// scaled is a counter's integer sum in the metric's unit. Dividing by 1e9 is correctly
// rounded where multiplying by 1e-9 is not, so round(1e9 * x) gives the sum back up to 2^51.
func (m *metric) scaled(sum int64) float64 {
	if inverse := math.Round(1 / m.scale); inverse >= 1 && math.Abs(inverse*m.scale-1) < 1e-12 {
		return float64(sum) / inverse
	}
	return float64(sum) * m.scale
}

// integral says that sums leave as integers.
func (m *metric) integral() bool { return m.scale == 0 || m.scale == 1 }
