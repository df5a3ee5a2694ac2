// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func normalizeAll(td ptrace.Traces) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				normalize(span)
			}
		}
	}
}

// normalize adds the contract's names to a span. Call spans that agentgauge's SDK wrote, or
// this processor in a Collector before, are known by their usage source and stay as they are.
func normalize(span ptrace.Span) {
	attributes := span.Attributes()
	if _, done := attributes.Get(usageSource); done {
		return
	}
	operation := ""
	if v, ok := attributes.Get(operationName); ok {
		operation = v.AsString()
	} else if operation = deriveOperation(span); operation != "" {
		attributes.PutStr(operationName, operation)
		setClientKind(span, operation)
	}
	applyAll(scopeRenames, attributes)
	if !isCall(operation) {
		return
	}
	applyAll(callRenames, attributes)
	applyAll(usageRenames, attributes)
	attributes.PutStr(usageSource, sourceOf(attributes))
	if _, there := attributes.Get(outcome); !there {
		attributes.PutStr(outcome, outcomeOf(span))
	}
}

func applyAll(renames []rename, attributes pcommon.Map) {
	for _, r := range renames {
		r.apply(attributes)
	}
}

// setClientKind: OpenInference leaves calls INTERNAL, the contract counts CLIENT spans. A kind
// that somebody chose is left.
func setClientKind(span ptrace.Span, operation string) {
	chosen := span.Kind() != ptrace.SpanKindUnspecified && span.Kind() != ptrace.SpanKindInternal
	if isCall(operation) && !chosen {
		span.SetKind(ptrace.SpanKindClient)
	}
}

// sourceOf: instrumentations report what the server said, so usage that is there is the provider's.
func sourceOf(attributes pcommon.Map) string {
	for key := range attributes.All() {
		if strings.HasPrefix(key, "gen_ai.usage.") {
			return "provider"
		}
	}
	return "none"
}

func outcomeOf(span ptrace.Span) string {
	if _, failed := span.Attributes().Get("error.type"); failed || span.Status().Code() == ptrace.StatusCodeError {
		return "error"
	}
	return "ok"
}
