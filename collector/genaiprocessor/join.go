// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import "go.opentelemetry.io/collector/pdata/pcommon"

// joining holds a batch against what earlier requests told.
type joining struct {
	*memory
	family
	// told are the members inside a call that an earlier request counted.
	told  map[int]bool
	notes map[note]struct{}
	twice map[spanKey]struct{}
}

// join marks the calls of a batch that are counted already on a span of an earlier request, around
// them or inside. The notes hold until they are settled. twice is the number of calls that turn out
// to be counted on two spans.
func (m *memory) join(f family) (notes []note, twice int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j := joining{m, f, map[int]bool{}, map[note]struct{}{}, map[spanKey]struct{}{}}
	j.adopt()
	for i := range f {
		f[i].firm = f[i].done || (isCall(f[i].operation) && j.known(itself, f[i].key()))
	}
	f.findElsewhere()
	for i := range f {
		j.beneath(i)
	}
	for i := range f {
		j.climb(i)
	}
	for i := range f {
		j.link(i)
		switch {
		case f.counts(i):
			j.note(itself, f[i].key())
		case j.told[i] || f.insideCounted(i):
			j.note(inside, f[i].key())
		}
	}
	notes = make([]note, 0, len(j.notes))
	for n := range j.notes {
		notes = append(notes, n)
		m.open[n]++
	}
	return notes, int64(len(j.twice))
}

func (j *joining) note(r role, key spanKey) { j.notes[note{role: r, span: key}] = struct{}{} }

// link notes a span that leads from one program to another: what is inside may come before what is
// around it, and both after it.
func (j *joining) link(i int) {
	m := &j.family[i]
	parent := m.span.ParentSpanID()
	if m.operation == "" && !parent.IsEmpty() && leadsOut(m.span.Attributes()) {
		j.notes[note{link, m.key(), parent}] = struct{}{}
	}
}

func leadsOut(attributes pcommon.Map) bool {
	for _, name := range []string{"http.request.method", "http.method", "rpc.system.name", "rpc.system"} {
		if has(attributes, name) {
			return true
		}
	}
	return false
}

// adopt joins members that a link between them came before.
func (j *joining) adopt() {
	var index map[spanKey]int
	for i := range j.family {
		key, missing := j.above(i)
		for range farthest {
			if !missing {
				break
			}
			if key, missing = j.leadsTo(key); !missing {
				break
			}
			if index == nil {
				index = j.index()
			}
			if at, there := index[key]; there && at != i {
				j.family[i].parent = at
				break
			}
		}
	}
}

// upward calls visit with the parents that the batch does not have, as far as links are known.
func (j *joining) upward(i int, visit func(spanKey)) {
	key, known := j.beyond(i)
	for range farthest {
		if !known {
			return
		}
		visit(key)
		key, known = j.leadsTo(key)
	}
}

// known also keeps a note for as long as it is of use.
func (j *joining) known(r role, key spanKey) bool {
	n := note{role: r, span: key}
	if !j.has(n) {
		return false
	}
	j.notes[n] = struct{}{}
	return true
}

// beneath finds what is inside a call that was counted before it. The SDK's own calls stay.
func (j *joining) beneath(i int) {
	told := false
	j.upward(i, func(parent spanKey) {
		told = told || j.known(itself, parent) || j.known(inside, parent)
	})
	if !told {
		return
	}
	j.told[i] = true
	switch {
	case !j.isRequest(i):
	case !j.family[i].done:
		j.family[i].elsewhere = true
	case j.usesTokens(i):
		j.twice[j.family[i].key()] = struct{}{}
	}
}

// climb goes up from a call that counts, or from a span around one, to the first agent, tool or
// workflow, or to where the batch ends.
func (j *joining) climb(i int) {
	remembered := j.known(around, j.family[i].key())
	if !remembered && !j.counts(i) {
		return
	}
	for at, left := i, farthest; at != noParent && left > 0; at, left = j.family[at].parent, left-1 {
		m := &j.family[at]
		switch {
		case isScope(m.operation):
			return
		case !j.isRequest(at) || (at == i && !remembered):
		case !m.firm || (remembered && !m.done):
			m.elsewhere = true
			j.note(around, m.key())
		case j.usesTokens(at):
			j.twice[m.key()] = struct{}{}
		}
	}
	j.upward(i, func(parent spanKey) { j.note(around, parent) })
	if remembered && j.told[i] {
		// Both were counted before the span between them came.
		j.twice[j.family[i].key()] = struct{}{}
	}
}
