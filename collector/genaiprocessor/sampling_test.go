// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processorhelper"
)

func withSampled(values ...any) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for _, value := range values {
		span := spans.AppendEmpty()
		if value != nil {
			_ = span.Attributes().FromRaw(map[string]any{sampledName: value})
		}
	}
	return td
}

func TestUnsampledSpansAreDroppedWhereAsked(t *testing.T) {
	td, err := made(t, Config{DropUnsampled: true}).process(t.Context(), withSampled(true, false, nil, "false"))

	require.NoError(t, err)
	require.Equal(t, 3, td.SpanCount())
}

func TestUnsampledSpansPassOtherwise(t *testing.T) {
	td, err := made(t, Config{}).process(t.Context(), withSampled(true, false, nil))

	require.NoError(t, err)
	require.Equal(t, 3, td.SpanCount())
}

func TestNothingIsSentWhereAllWereDropped(t *testing.T) {
	_, err := made(t, Config{DropUnsampled: true}).process(t.Context(), withSampled(false, false))

	require.ErrorIs(t, err, processorhelper.ErrSkipProcessingData)
}
