"""Ids of our spans."""

from __future__ import annotations

import os

from opentelemetry.sdk.trace.id_generator import IdGenerator


class OwnIds(IdGenerator):
    """Random ids from the operating system.

    OpenTelemetry's own generator draws from `random`: a program that seeds it would get other numbers with
    us than without, and two processes with one seed would give their spans the same ids.
    """

    def generate_span_id(self) -> int:  # noqa: D102  # the interface is OpenTelemetry's
        return _random(8)

    def generate_trace_id(self) -> int:  # noqa: D102  # the interface is OpenTelemetry's
        return _random(16)

    def is_trace_id_random(self) -> bool:  # noqa: D102  # the interface is OpenTelemetry's
        return True


def _random(size: int) -> int:
    while not (number := int.from_bytes(os.urandom(size))):
        pass
    return number
