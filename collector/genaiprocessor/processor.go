// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"

	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/metadata"
	"github.com/agentgauge/agentgauge/collector/genaiprocessor/internal/pricing"
)

type genaiProcessor struct {
	id     component.ID
	config *Config
	prices pricing.List
	hosts  pricing.Hosts
	own    *telemetry
	memory *memory
	masks  *masks
}

func newProcessor(set component.TelemetrySettings, id component.ID, config *Config) (*genaiProcessor, error) {
	prices, err := config.list()
	if err != nil {
		return nil, err
	}
	hidden, err := newMasks(config.Content.Masks)
	if err != nil {
		return nil, err
	}
	own, err := metadata.NewTelemetry(set)
	if err != nil {
		return nil, err
	}
	p := &genaiProcessor{
		id: id, config: config, prices: prices, hosts: pricing.Hosts(config.Providers),
		own: newTelemetry(own, id, set.Logger), memory: newMemory(&config.Memory), masks: hidden,
	}
	p.memory.shortened = p.own.shortened
	return p, nil
}

func (p *genaiProcessor) start(ctx context.Context, host component.Host) error {
	p.own.note(ctx, &tally{})
	if p.config.Memory.Storage == nil {
		return nil
	}
	client, err := openKept(ctx, host, *p.config.Memory.Storage, p.id)
	if err != nil {
		return err
	}
	if err := p.memory.restore(ctx, client, p.own.notKept); err != nil {
		return errors.Join(err, client.Close(ctx))
	}
	return nil
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
	settling(ctx).notes = p.normalize(td, &did)
	if !p.config.Content.Keep {
		eachSpan(td, func(span ptrace.Span) { did.content += removeContent(span) + p.masks.names(span) })
	}
	return td, nil
}

// normalize gives spans the contract's names, and calls their cost. The notes are to be settled.
func (p *genaiProcessor) normalize(td ptrace.Traces, did *tally) (notes []note) {
	f := familyOf(td)
	if p.config.DropUnsampled { // behind the fork every span was joined before
		f.findElsewhere()
	} else {
		notes, did.twice = p.memory.join(f)
	}
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
	return notes
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
