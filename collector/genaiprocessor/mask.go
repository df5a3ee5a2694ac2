// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"fmt"
	"regexp"
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// masked stands for what was found, as the redaction processor writes it.
const masked = "****"

// mostMasked is the number of names whose mask is remembered; programs have few, and short ones.
const (
	mostMasked    = 4_096
	longestMasked = 256
)

// masks hide keys and addresses in the names of spans and events, which the redaction processor
// does not look at. Without patterns they do nothing.
type masks struct {
	patterns []*regexp.Regexp

	mu    sync.Mutex
	known map[string]string
}

func newMasks(patterns []string) (*masks, error) {
	m := &masks{known: map[string]string{}}
	for i, text := range patterns {
		pattern, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("content::masks::%d: %w", i, err)
		}
		m.patterns = append(m.patterns, pattern)
	}
	return m, nil
}

// names masks those of a span and its events, and counts them.
func (m *masks) names(span ptrace.Span) (changed int64) {
	if len(m.patterns) == 0 {
		return 0
	}
	if name := m.of(span.Name()); name != span.Name() {
		span.SetName(name)
		changed++
	}
	for _, event := range span.Events().All() {
		if name := m.of(event.Name()); name != event.Name() {
			event.SetName(name)
			changed++
		}
	}
	return changed
}

func (m *masks) of(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	hidden, known := m.known[name]
	if !known {
		hidden = name
		for _, pattern := range m.patterns {
			hidden = pattern.ReplaceAllLiteralString(hidden, masked)
		}
		if len(m.known) >= mostMasked {
			clear(m.known)
		}
		if len(name) <= longestMasked {
			m.known[name] = hidden
		}
	}
	return hidden
}
