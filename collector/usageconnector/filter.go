// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// filter passes a span when everything in it holds.
type filter struct {
	kinds        []ptrace.SpanKind
	conditions   []condition
	arrivedAfter time.Duration
}

type condition struct {
	slot   int
	exists bool
	// among is nil where only existence is asked.
	among map[string]bool
}

// answer to a filter, asked at most once a span.
type answer uint8

const (
	unasked answer = iota
	yes
	no
)

func filterIdentity(f *FilterConfig) string {
	identity := fmt.Sprintf("%q %d", f.Kinds, f.ArrivedAfter)
	for _, c := range f.Attributes {
		identity += fmt.Sprintf(" %q %q %q", c.Attribute, c.Equals, c.In)
		if c.Exists != nil {
			identity += fmt.Sprint(*c.Exists)
		}
	}
	return identity
}

func (p *plan) compileFilter(f *FilterConfig) filter {
	compiled := filter{arrivedAfter: f.ArrivedAfter}
	for _, kind := range f.Kinds {
		compiled.kinds = append(compiled.kinds, ptrace.SpanKind(slices.Index(spanKinds, kind)))
	}
	for _, c := range f.Attributes {
		one := condition{slot: p.slot(c.Attribute), exists: c.Exists == nil || *c.Exists}
		if c.Exists == nil {
			one.among = map[string]bool{}
			for _, text := range slices.Concat(c.In, []string{c.Equals}) {
				if text != "" {
					one.among[text] = true
				}
			}
		}
		compiled.conditions = append(compiled.conditions, one)
	}
	return compiled
}

// pass says whether the span passes a filter.
func (r *reader) pass(index int) bool {
	if r.passes[index] == unasked {
		r.passes[index] = no
		if r.evaluate(&r.plan.filters[index]) {
			r.passes[index] = yes
		}
	}
	return r.passes[index] == yes
}

func (r *reader) evaluate(f *filter) bool {
	if len(f.kinds) > 0 && !slices.Contains(f.kinds, r.span.Kind()) {
		return false
	}
	if f.arrivedAfter > 0 && r.age() <= f.arrivedAfter {
		return false
	}
	for _, c := range f.conditions {
		if r.present[c.slot] != c.exists {
			return false
		}
		if c.among != nil {
			if text, ok := scalarText(r.slots[c.slot]); !ok || !c.among[text] {
				return false
			}
		}
	}
	return true
}
