// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import "go.opentelemetry.io/collector/pdata/ptrace"

// vocabulary is what one family of instrumentations calls things.
type vocabulary struct {
	name string
	// operation of a span that says none in the contract's words; empty where it does not say.
	operation func(ptrace.Span) string
	// all are the names on every span, call those on model calls only.
	all, call []names
	// usage is read on model calls only: frameworks write totals of many calls under the same
	// names on their agents' and chains' spans.
	usage usageNames
	// more reads what is no attribute of its own; it fills only what is unknown.
	more func(ptrace.Span, *counts)
}

// names gives an absent attribute the value of the first of others that is there, and of the right type.
type names struct {
	to   string
	from []string
	as   reading
}

// usageNames are attributes with numbers of tokens, the first that is there counts.
type usageNames struct {
	input, output, cacheRead, cacheWrite, cacheHour, reasoning, total, audio []string
}

// vocabularies in the order in which they are asked: one that is written on top of others first.
var vocabularies = []*vocabulary{&vercel, &openInference, &openLLMetry, &langfuse, &logfire, &olderGenAI}

// contract is what spans say that need no mapping.
const contract = "gen_ai"

// operationOf tells a span's operation, and the vocabulary that said so; both are empty for spans
// that are about something else.
func operationOf(span ptrace.Span) (operation, said string) {
	if known := textOf(span.Attributes(), operationName); known != "" {
		if ours := operationWords[known]; ours != "" {
			return ours, olderGenAI.name
		}
		return known, contract
	}
	for _, v := range vocabularies {
		if operation := v.operation(span); operation != "" {
			return operation, v.name
		}
	}
	return "", ""
}

// operationWords are values of gen_ai.operation.name before the conventions settled.
var operationWords = map[string]string{
	"completion": operationText,
	"embedding":  operationEmbeddings,
	"embed":      operationEmbeddings,
	"message":    operationChat,
	"messages":   operationChat,
	"responses":  operationChat,
}

func (v *vocabulary) mapAll(span ptrace.Span) {
	for _, n := range v.all {
		n.apply(span.Attributes())
	}
}

func (v *vocabulary) mapCall(span ptrace.Span) {
	for _, n := range v.call {
		n.apply(span.Attributes())
	}
}
