// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(crashFolder); folder != "" {
		if err := runCrashing(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var began = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// handClock is set by the test.
type handClock struct {
	mu     sync.Mutex
	now    time.Time
	uptime time.Duration
}

func (c *handClock) clock() clock {
	return clock{
		now:    func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now },
		uptime: func() time.Duration { c.mu.Lock(); defer c.mu.Unlock(); return c.uptime },
	}
}

func (c *handClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.uptime = c.now.Add(d), c.uptime+d
}

func (c *handClock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bench is a connector on a hand-set clock; flushes happen when the test says so.
type bench struct {
	*usageConnector
	t    testing.TB
	hand *handClock
	sink *consumertest.MetricsSink
	own  *componenttest.Telemetry
}

func newBench(t testing.TB, change ...func(*Config)) *bench {
	t.Helper()
	sink := &consumertest.MetricsSink{}
	b := benchWith(t, sink, change...)
	b.sink = sink
	return b
}

func benchWith(t testing.TB, next consumer.Metrics, change ...func(*Config)) *bench {
	t.Helper()
	return benchOn(t, &handClock{now: began}, next, change...)
}

func benchOn(t testing.TB, hand *handClock, next consumer.Metrics, change ...func(*Config)) *bench {
	t.Helper()
	cfg := loadConfig(t, "contract.yaml")
	for _, c := range change {
		c(cfg)
	}
	require.NoError(t, confmap.Validate(cfg))
	own := componenttest.NewTelemetry()
	u, err := newUsageConnector(own.NewTelemetrySettings(), cfg, next, hand.clock())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, u.telemetry.shutdown())
		require.NoError(t, own.Shutdown(context.Background()))
	})
	return &bench{usageConnector: u, t: t, hand: hand, own: own}
}

func loadConfig(t testing.TB, file string) *Config {
	t.Helper()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", file))
	require.NoError(t, err)
	sub, err := conf.Sub("usage")
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, sub.Unmarshal(cfg))
	return cfg
}

func (b *bench) send(spans ...func(ptrace.Span)) {
	b.t.Helper()
	require.NoError(b.t, b.ConsumeTraces(context.Background(), traces("shop", spans...)))
}

// flushed flushes after an interval and returns what was sent, one line a point:
// metric{labels} value @time since the test began, from start.
func (b *bench) flushed() []string {
	b.t.Helper()
	b.hand.pass(15 * time.Second)
	b.sink.Reset()
	require.NoError(b.t, b.flush(context.Background()))
	return lines(b.sink.AllMetrics())
}

// values are the lines of the latest points without times, zero points left out.
func (b *bench) values() []string {
	b.t.Helper()
	var kept []string
	for _, line := range b.flushed() {
		if at := strings.Index(line, " @"); !strings.HasPrefix(line[at+2:], "start") {
			kept = append(kept, line[:at])
		}
	}
	return kept
}

func (b *bench) counter(name string) int64 {
	b.t.Helper()
	var sum int64
	for _, n := range ownMetric(b.t, b.own, name) {
		sum += n
	}
	return sum
}

func traces(service string, spans ...func(ptrace.Span)) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", service)
	ss := rs.ScopeSpans().AppendEmpty()
	for _, fill := range spans {
		fill(ss.Spans().AppendEmpty())
	}
	return td
}

// call is a model call span; attributes are name, value pairs.
func call(n int, attributes ...any) func(ptrace.Span) {
	return func(s ptrace.Span) {
		s.SetKind(ptrace.SpanKindClient)
		s.SetTraceID(traceID(n))
		s.SetSpanID([8]byte{7, byte(n)})
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(began.Add(-500 * time.Millisecond)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(began))
		s.Attributes().PutStr("gen_ai.operation.name", "chat")
		for i := 0; i < len(attributes); i += 2 {
			put(s.Attributes(), attributes[i].(string), attributes[i+1])
		}
	}
}

func traceID(n int) pcommon.TraceID {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], uint64(n)+1)
	return id
}

func put(m pcommon.Map, key string, v any) {
	switch v := v.(type) {
	case []string:
		list := m.PutEmptySlice(key)
		for _, text := range v {
			list.AppendEmpty().SetStr(text)
		}
	case []int:
		list := m.PutEmptySlice(key)
		for _, n := range v {
			list.AppendEmpty().SetInt(int64(n))
		}
	default:
		if err := m.PutEmpty(key).FromRaw(v); err != nil {
			panic(err)
		}
	}
}

func lines(all []pmetric.Metrics) []string {
	var out []string
	for _, md := range all {
		for _, rm := range md.ResourceMetrics().All() {
			service, _ := rm.Resource().Attributes().Get("service.name")
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					out = append(out, metricLines(service.AsString(), m)...)
				}
			}
		}
	}
	return out
}

func metricLines(service string, m pmetric.Metric) []string {
	var out []string
	line := func(labels pcommon.Map, value string, start, at pcommon.Timestamp) {
		when := fmt.Sprintf("+%s from +%s", at.AsTime().Sub(began), start.AsTime().Sub(began))
		if at == start {
			when = fmt.Sprintf("start +%s", at.AsTime().Sub(began))
		}
		out = append(out, fmt.Sprintf("%s %s%s %s @%s", service, m.Name(), labelText(labels), value, when))
	}
	if m.Type() == pmetric.MetricTypeHistogram {
		for _, p := range m.Histogram().DataPoints().All() {
			value := fmt.Sprintf("%d/%v %v", p.Count(), p.Sum(), p.BucketCounts().AsRaw())
			line(p.Attributes(), value, p.StartTimestamp(), p.Timestamp())
		}
		return out
	}
	for _, p := range m.Sum().DataPoints().All() {
		value := fmt.Sprint(p.IntValue())
		if p.ValueType() == pmetric.NumberDataPointValueTypeDouble {
			value = fmt.Sprint(p.DoubleValue())
		}
		line(p.Attributes(), value, p.StartTimestamp(), p.Timestamp())
	}
	return out
}

func labelText(labels pcommon.Map) string {
	var parts []string
	for name, v := range labels.All() {
		parts = append(parts, name+"="+v.AsString())
	}
	sort.Strings(parts)
	return "{" + strings.Join(parts, ",") + "}"
}

// only keeps the named metrics of the configuration.
func only(names ...string) func(*Config) {
	return func(cfg *Config) {
		var kept []MetricConfig
		for _, m := range cfg.Metrics {
			for _, name := range names {
				if m.Name == name {
					kept = append(kept, m)
				}
			}
		}
		cfg.Metrics = kept
	}
}

const (
	inputTokens = "gen_ai.client.inference.usage.input_tokens"
	input       = "gen_ai.usage.input_tokens"
	agent       = "gen_ai.agent.name"
)

// bare drops the labels that a test is not about.
func bare(cfg *Config) {
	for i := range cfg.Metrics {
		var kept []LabelConfig
		for _, l := range cfg.Metrics[i].Labels {
			if l.Attribute == agent || l.As != "" {
				kept = append(kept, l)
			}
		}
		cfg.Metrics[i].Labels = kept
	}
}
