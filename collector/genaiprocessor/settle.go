// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
)

// remembering gives each request a place for its notes, which settlingConsumer settles when the
// pipeline has answered.
type remembering struct{ processor.Traces }

// ConsumeTraces processes a request.
func (r remembering) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	return r.Traces.ConsumeTraces(context.WithValue(ctx, pendingKey{}, &pending{}), td)
}

type pendingKey struct{}

type pending struct{ notes []note }

func settling(ctx context.Context) *pending {
	if p, is := ctx.Value(pendingKey{}).(*pending); is {
		return p
	}
	return &pending{}
}

// settlingConsumer is what comes after the processor.
type settlingConsumer struct {
	consumer.Traces
	memory *memory
}

// ConsumeTraces hands a processed request on.
func (c settlingConsumer) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	notes := settling(ctx).notes
	accepted := false
	defer func() { c.memory.settle(notes, accepted) }()
	err := c.Traces.ConsumeTraces(ctx, td)
	accepted = !nothingCounted(err)
	return err
}

// nothingCounted: the usage connector says that it counted none of the spans. Any other refusal is
// of a branch beside it, such as a full queue of the trace store, and what is sent again after
// that is known to the connector.
func nothingCounted(err error) bool {
	var refusal interface{ NothingCounted() bool }
	return errors.As(err, &refusal) && refusal.NothingCounted()
}
