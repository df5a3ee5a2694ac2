"""A sampler that keeps nothing."""

import plain
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased


def begin():
    plain.begin(TraceIdRatioBased(0))


seen = plain.seen
