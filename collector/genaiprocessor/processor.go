// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"
)

type genaiProcessor struct {
	config *Config
}

func newProcessor(config *Config) *genaiProcessor {
	return &genaiProcessor{config: config}
}

func (p *genaiProcessor) process(_ context.Context, td ptrace.Traces) (ptrace.Traces, error) {
	if p.config.DropUnsampled {
		dropUnsampled(td)
		if td.SpanCount() == 0 {
			return td, processorhelper.ErrSkipProcessingData
		}
	}
	normalizeAll(td)
	if !p.config.Content.Keep {
		eachSpan(td, func(span ptrace.Span) { removeContent(span) })
	}
	return td, nil
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
