"""A span that has ended, and somebody who does not know it yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span

_LATE = ("end", "set_attribute", "set_attributes", "set_status", "add_event", "record_exception")


def hear_no_more(span: Span) -> None:
    """Lets an instrumentation end a span that has ended: OpenTelemetry would print a warning."""
    for name in _LATE:
        setattr(span, name, _nothing)


def _nothing(*_: object, **__: object) -> None:
    pass
