// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// mostTokens: no single request uses more; a larger number is a mistake.
const mostTokens = 1_000_000_000

// count is a number of tokens; one that cannot be is unknown.
type count struct {
	n     int64
	known bool
}

func countOf(v pcommon.Value) count {
	switch {
	case v.Type() == pcommon.ValueTypeInt && v.Int() >= 0 && v.Int() <= mostTokens:
		return count{v.Int(), true}
	case v.Type() == pcommon.ValueTypeDouble && v.Double() >= 0 && v.Double() <= mostTokens && v.Double() == math.Trunc(v.Double()):
		return count{int64(v.Double()), true}
	default:
		return count{}
	}
}

// fill takes the first number, where none is known.
func (c *count) fill(numbers ...*float64) {
	for _, n := range numbers {
		if n != nil && !c.known {
			*c = countOf(pcommon.NewValueDouble(*n))
		}
	}
}

func (c *count) read(attributes pcommon.Map, names ...string) {
	for _, name := range names {
		if c.known {
			return
		}
		if v, there := attributes.Get(name); there {
			*c = countOf(v)
		}
	}
}

// placement says whether counts lie within another.
type placement int

const (
	// within and apart give way to a total that says otherwise.
	within placement = iota
	apart
	surelyApart
)

// counts are what a call says that it used.
type counts struct {
	input, output, cacheRead, cacheWrite, reasoning, total count
	// cacheHour is of cacheWrite: kept for an hour.
	cacheHour count
	// cache and thinking say where the cached and the reasoning tokens are.
	cache, thinking placement
	audio           bool
}

// countsOf reads the contract's names first, then each vocabulary's.
func countsOf(span ptrace.Span) counts {
	var c counts
	attributes := span.Attributes()
	c.input.read(attributes, inputTokens)
	c.output.read(attributes, outputTokens)
	c.cacheRead.read(attributes, cacheReadTokens)
	c.cacheWrite.read(attributes, cacheWriteTokens)
	c.cacheHour.read(attributes, cacheHourTokens)
	c.reasoning.read(attributes, reasoningTokens)
	for _, v := range vocabularies {
		u := &v.usage
		c.input.read(attributes, u.input...)
		c.output.read(attributes, u.output...)
		c.cacheRead.read(attributes, u.cacheRead...)
		c.cacheWrite.read(attributes, u.cacheWrite...)
		c.cacheHour.read(attributes, u.cacheHour...)
		c.reasoning.read(attributes, u.reasoning...)
		c.total.read(attributes, u.total...)
		for _, name := range u.audio {
			var audio count
			audio.read(attributes, name)
			c.audio = c.audio || audio.n > 0
		}
		if v.more != nil {
			v.more(span, &c)
		}
	}
	return c
}

func (c *counts) known() bool { return c.input.known || c.output.known }

// settled are the counts in the contract's terms: input with the cached tokens, output with the
// reasoning. What cannot be is unknown.
func (c counts) settled(provider string) counts {
	cached := c.cacheRead.n + c.cacheWrite.n
	cacheApart, thinkingApart := c.cache != within, c.thinking != within
	if c.cache != surelyApart && c.input.known && c.output.known && c.total.known {
		cacheApart, thinkingApart = c.byTotal(cached, cacheApart, thinkingApart)
	}
	// More cached than input tokens are told only where these exclude those, as the servers of
	// Anthropic's models themselves count.
	if c.input.known && cached > c.input.n && (provider == "anthropic" || provider == "aws.bedrock") {
		cacheApart = true
	}
	if cacheApart && c.input.known {
		c.input.n += cached
	}
	if thinkingApart && c.output.known {
		c.output.n += c.reasoning.n
	}
	if c.input.known && cached > c.input.n {
		c.cacheRead, c.cacheWrite = count{}, count{}
	}
	if c.cacheHour.n > c.cacheWrite.n {
		c.cacheHour = count{}
	}
	if c.output.known && c.reasoning.n > c.output.n {
		c.reasoning = count{}
	}
	return c
}

// byTotal finds the reading that adds up; the one expected where several or none do.
func (c *counts) byTotal(cached int64, cacheApart, thinkingApart bool) (bool, bool) {
	for _, reading := range [][2]bool{
		{cacheApart, thinkingApart}, {false, false}, {true, false}, {false, true}, {true, true},
	} {
		sum := c.input.n + c.output.n
		if reading[0] {
			sum += cached
		}
		if reading[1] {
			sum += c.reasoning.n
		}
		if sum == c.total.n {
			return reading[0], reading[1]
		}
	}
	return cacheApart, thinkingApart
}

// write gives a call its counts. What says the same already stays as it is.
func (c *counts) write(attributes pcommon.Map) {
	for _, n := range []struct {
		name string
		count
	}{
		{inputTokens, c.input},
		{outputTokens, c.output},
		{cacheReadTokens, c.cacheRead},
		{cacheWriteTokens, c.cacheWrite},
		{cacheHourTokens, c.cacheHour},
		{reasoningTokens, c.reasoning},
	} {
		v, there := attributes.Get(n.name)
		switch {
		case there && countOf(v) == n.count:
		case n.known:
			attributes.PutInt(n.name, n.n)
		case there:
			attributes.Remove(n.name)
		}
	}
}
