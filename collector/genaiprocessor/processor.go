// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/metadata"
	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/pricing"
)

type genaiProcessor struct {
	config *Config
	prices pricing.List
	hosts  pricing.Hosts
	own    *telemetry
	// wrappers are the spans around counted calls that had not arrived with these.
	wrappers *wrappers
}

func newProcessor(set component.TelemetrySettings, id component.ID, config *Config) (*genaiProcessor, error) {
	prices, err := config.list()
	if err != nil {
		return nil, err
	}
	own, err := metadata.NewTelemetry(set)
	if err != nil {
		return nil, err
	}
	hosts := pricing.Hosts(config.Providers)
	return &genaiProcessor{
		config: config, prices: prices, hosts: hosts, own: newTelemetry(own, id), wrappers: newWrappers(),
	}, nil
}

func (p *genaiProcessor) process(ctx context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	var did tally
	defer p.own.note(ctx, &did)
	if p.config.DropUnsampled {
		did.dropped = dropUnsampled(td)
		if td.SpanCount() == 0 {
			return td, processorhelper.ErrSkipProcessingData
		}
	}
	p.normalize(td, &did)
	if !p.config.Content.Keep {
		eachSpan(td, func(span ptrace.Span) { did.content += removeContent(span) })
	}
	return td, nil
}

// normalize gives spans the contract's names, and calls their cost.
func (p *genaiProcessor) normalize(td ptrace.Traces, did *tally) {
	f := familyOf(td)
	f.findElsewhere()
	p.wrappers.join(f)
	for i := range f {
		m := &f[i]
		if m.done || m.operation == "" {
			continue
		}
		did.mapped(m.said)
		f.inherit(i)
		switch {
		case !isCall(m.operation):
		case m.elsewhere:
			did.elsewhere++
			m.finishElsewhere()
		default:
			m.finishCall()
			p.nameByHost(m.span)
			did.price(p.price(m.span, &m.usage))
		}
	}
}

// nameByHost gives a call that names no provider the one of its host.
func (p *genaiProcessor) nameByHost(span ptrace.Span) {
	if has(span.Attributes(), providerName) {
		return
	}
	if by, _ := servedBy(p.hosts, span.Attributes()); by != "" {
		span.Attributes().PutStr(providerName, by)
	}
}

func eachSpan(td ptrace.Traces, do func(ptrace.Span)) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				do(span)
			}
		}
	}
}
