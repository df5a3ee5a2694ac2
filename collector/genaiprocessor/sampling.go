// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const sampledName = "agentgauge.sampled"

// dropUnsampled removes the spans that were sent to be counted only, and says how many.
func dropUnsampled(td ptrace.Traces) int64 {
	var dropped int64
	td.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			before := ss.Spans().Len()
			ss.Spans().RemoveIf(isUnsampled)
			dropped += int64(before - ss.Spans().Len())
			return ss.Spans().Len() == 0
		})
		return rs.ScopeSpans().Len() == 0
	})
	return dropped
}

func isUnsampled(span ptrace.Span) bool {
	sampled, there := span.Attributes().Get(sampledName)
	return there && sampled.Type() == pcommon.ValueTypeBool && !sampled.Bool()
}
