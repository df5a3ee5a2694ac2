// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// farthest is how many parents are asked, so that a cycle ends and a deep trace costs little.
const farthest = 64

// family is the spans of a batch, which know their parents in it.
type family []member

type spanKey struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

func familyOf(td ptrace.Traces) family {
	f := make(family, 0, td.SpanCount())
	eachSpan(td, func(span ptrace.Span) { f = append(f, newMember(span)) })
	index := f.index()
	for i := range f {
		parent := f[i].span.ParentSpanID()
		if at, there := index[spanKey{f[i].span.TraceID(), parent}]; there && !parent.IsEmpty() && at != i {
			f[i].parent = at
		}
	}
	return f
}

func (f family) index() map[spanKey]int {
	index := make(map[spanKey]int, len(f))
	for i := range f {
		index[f[i].key()] = i
	}
	return index
}

// above is the parent of a member, where the batch does not have it.
func (f family) above(i int) (parent spanKey, missing bool) {
	id := f[i].span.ParentSpanID()
	return spanKey{f[i].span.TraceID(), id}, f[i].parent == noParent && !id.IsEmpty()
}

// ancestors calls visit with each, nearest first, until it is false.
func (f family) ancestors(i int, visit func(*member) bool) {
	for range farthest {
		if i = f[i].parent; i == noParent || !visit(&f[i]) {
			return
		}
	}
}

// findElsewhere marks the spans of a request that another span of it counts: of a call around
// others the inner ones count, unless only the outer one says what it used, or is firm. A call inside an agent or a tool is no part of a request around that.
func (f family) findElsewhere() {
	for i := range f {
		if f.isRequest(i) && !f[i].done {
			f.around(i, func(at int) bool {
				f[i].elsewhere = f[at].firm && f.counts(at)
				return !f[i].elsewhere
			})
		}
	}
	for i := range f {
		if f.counts(i) {
			f.around(i, func(at int) bool {
				f[at].elsewhere = f[at].elsewhere || (!f[at].firm && at != i)
				return true
			})
		}
	}
	for i := range f {
		if !f.isRequest(i) || f.usesTokens(i) || f[i].elsewhere {
			continue
		}
		f.around(i, func(at int) bool {
			outer := &f[at]
			if outer.usage.known() && !outer.elsewhere && !f[i].done {
				f[i].elsewhere = true
			} else if !outer.usage.known() && !outer.done {
				outer.elsewhere = true
			}
			return false
		})
	}
}

// around calls visit with each call that this one is a part of, nearest first, until it is false.
func (f family) around(i int, visit func(int) bool) {
	for range farthest {
		if i = f[i].parent; i == noParent || isScope(f[i].operation) {
			return
		}
		if isCall(f[i].operation) && !visit(i) {
			return
		}
	}
}

// beyond is the parent that the batch does not have, on the way up that meets no agent's, tool's or
// workflow's run.
func (f family) beyond(i int) (parent spanKey, missing bool) {
	for range farthest {
		m := &f[i]
		if isScope(m.operation) {
			return parent, false
		}
		if m.parent == noParent {
			return f.above(i)
		}
		i = m.parent
	}
	return parent, false
}

// insideCounted tells whether a span is a part of a call that counts.
func (f family) insideCounted(i int) (is bool) {
	if isScope(f[i].operation) {
		return false
	}
	f.around(i, func(at int) bool {
		is = f.counts(at)
		return !is
	})
	return is
}

// counts tells whether the tokens of a request are counted on this span of it.
func (f family) counts(i int) bool { return f.isRequest(i) && f.usesTokens(i) && !f[i].elsewhere }

func (f family) isRequest(i int) bool {
	return isCall(f[i].operation) && !has(f[i].span.Attributes(), counted)
}

func (f family) usesTokens(i int) bool {
	if f[i].done {
		attributes := f[i].span.Attributes()
		return has(attributes, inputTokens) || has(attributes, outputTokens)
	}
	return f[i].usage.known()
}

// inherit gives a span the names that only a span around it has. An agent inside a tool is no
// part of the tool.
func (f family) inherit(i int) {
	m := &f[i]
	if m.operation == "" || m.done {
		return
	}
	attributes := m.span.Attributes()
	agent, tool, workflow := has(attributes, agentName), has(attributes, toolName), has(attributes, workflowName)
	tool = tool || m.operation == operationAgent
	f.ancestors(i, func(outer *member) bool {
		from := outer.span.Attributes()
		workflow = workflow || lend(from, attributes, workflowName)
		if m.operation != operationWorkflow {
			tool = tool || lend(from, attributes, toolName)
			agent = agent || lend(from, attributes, agentName)
		}
		tool = tool || outer.operation == operationAgent
		return !agent || !tool || !workflow
	})
}

func lend(from, to pcommon.Map, name string) bool {
	value := textOf(from, name)
	if value != "" {
		to.PutStr(name, value)
	}
	return value != ""
}
