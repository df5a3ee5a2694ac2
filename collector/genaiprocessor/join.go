// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

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

func (j *joining) note(r role, key spanKey) { j.notes[note{r, key}] = struct{}{} }

// known also keeps a note for as long as it is of use.
func (j *joining) known(r role, key spanKey) bool {
	n := note{r, key}
	if !j.has(n) {
		return false
	}
	j.notes[n] = struct{}{}
	return true
}

// beneath finds what is inside a call that was counted before it. The SDK's own calls stay.
func (j *joining) beneath(i int) {
	parent, missing := j.beyond(i)
	if !missing || !(j.known(itself, parent) || j.known(inside, parent)) {
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
	parent, missing := j.beyond(i)
	if !missing {
		return
	}
	j.note(around, parent)
	if remembered && j.told[i] && !j.isRequest(i) {
		// Both were counted before the span between them came.
		j.twice[parent] = struct{}{}
	}
}
