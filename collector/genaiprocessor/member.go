// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// member is a span of a batch and what is known of it.
type member struct {
	span      ptrace.Span
	operation string
	said      string
	// done: agentgauge's SDK wrote this span, or this processor in a Collector before.
	done bool
	// firm: its request counts on this span, whatever is around it or inside.
	firm bool
	// elsewhere: what this request used is counted on another span of it.
	elsewhere bool
	usage     counts
	parent    int
}

const noParent = -1

func newMember(span ptrace.Span) member {
	m := member{span: span, parent: noParent}
	attributes := span.Attributes()
	m.done = has(attributes, usageSource) || has(attributes, counted)
	if m.firm = m.done; m.done {
		m.operation, m.said = operationOf(span)
		return m
	}
	// Before the operation is read, so that it is the same when the span comes by again.
	for _, v := range vocabularies {
		v.mapAll(span)
	}
	m.operation, m.said = operationOf(span)
	if m.operation != "" && textOf(attributes, operationName) != m.operation {
		attributes.PutStr(operationName, m.operation)
	}
	m.nameScope()
	mapTags(attributes)
	if isCall(m.operation) {
		m.usage = countsOf(span)
	}
	return m
}

// nameScope names agents, tools and workflows whose instrumentation has one name for all, or only
// the span's own.
func (m *member) nameScope() {
	attributes := m.span.Attributes()
	to := map[string]string{operationAgent: agentName, operationTool: toolName, operationWorkflow: workflowName}[m.operation]
	if to == "" || has(attributes, to) {
		return
	}
	name := textOf(attributes, "graph.node.id", "traceloop.entity.name")
	if name == "" && m.said != vercel.name {
		name = m.span.Name()
		for _, operation := range []string{operationAgent, operationTool, operationWorkflow} {
			name = strings.TrimSpace(strings.TrimPrefix(name, operation+" "))
		}
	}
	if name != "" {
		attributes.PutStr(to, name)
	}
}

const (
	associations = "traceloop.association.properties."
	mostTags     = 16
	longestTag   = 256
)

// mapTags makes tags of OpenLLMetry's association properties.
func mapTags(attributes pcommon.Map) {
	var tags [][2]string
	for key, v := range attributes.All() {
		name, is := strings.CutPrefix(key, associations)
		if !is || v.Type() != pcommon.ValueTypeStr || len(v.Str()) > longestTag || len(tags) == mostTags {
			continue
		}
		switch name {
		case "", "session_id", "user_id", "conversation_id", "thread_id":
		default:
			tags = append(tags, [2]string{tagPrefix + name, v.Str()})
		}
	}
	for _, tag := range tags {
		if !has(attributes, tag[0]) {
			attributes.PutStr(tag[0], tag[1])
		}
	}
}

// finishCall writes what makes a span a call in the contract's terms.
func (m *member) finishCall() {
	attributes := m.span.Attributes()
	for _, v := range vocabularies {
		v.mapCall(m.span)
	}
	if said := textOf(attributes, providerName); said != "" {
		if ours := provider(said); ours != said {
			attributes.PutStr(providerName, ours)
		}
	}
	m.usage = m.usage.settled(textOf(attributes, providerName))
	m.usage.write(attributes)
	// The contract counts CLIENT spans, and many instrumentations leave calls INTERNAL. Another
	// kind was chosen.
	if kind := m.span.Kind(); kind == ptrace.SpanKindUnspecified || kind == ptrace.SpanKindInternal {
		m.span.SetKind(ptrace.SpanKindClient)
	}
	// Instrumentations report what the server said, so usage that is there is the provider's.
	source := "none"
	if m.usage.known() {
		source = "provider"
	}
	attributes.PutStr(usageSource, source)
	if !has(attributes, outcome) {
		attributes.PutStr(outcome, outcomeOf(m.span))
	}
}

// finishElsewhere: no metric counts a call that is INTERNAL.
func (m *member) finishElsewhere() {
	m.span.SetKind(ptrace.SpanKindInternal)
	m.span.Attributes().PutBool(counted, false)
}

func outcomeOf(span ptrace.Span) string {
	if has(span.Attributes(), "error.type") || span.Status().Code() == ptrace.StatusCodeError {
		return "error"
	}
	return "ok"
}

func (m *member) key() spanKey { return spanKey{m.span.TraceID(), m.span.SpanID()} }
