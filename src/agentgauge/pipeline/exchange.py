"""What the client itself did for one call: the facts that an instrumentation's span hides."""

from __future__ import annotations

import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk.trace import ReadableSpan, Span
    from opentelemetry.trace import SpanContext

    from agentgauge.ledger import Account


@dataclass(slots=True)
class Exchange:
    """The HTTP side of one call, filled in by the client layer while it runs.

    `body` is the request as it was sent; `answers` the parsed JSON of what came back: one body, or the
    chunks of a stream as far as they were read.
    """

    method: str | None = None
    path: str | None = None
    host: str | None = None
    port: int | None = None
    model: str | None = None
    stream: bool = False
    has_tools: bool = False
    body: bytes | None = None
    attempts: int = 0
    statuses: list[int] = field(default_factory=list)
    answers: list[Mapping[str, Any]] = field(default_factory=list)
    first_answer_ns: int | None = None
    blocked: bool = False

    def answer(self, data: Mapping[str, Any]) -> None:
        """Takes in one body or one chunk."""
        if self.first_answer_ns is None:
            self.first_answer_ns = time.time_ns()
        self.answers.append(data)


@dataclass(slots=True)
class OpenCall:
    """A call between its start and its end.

    `outer` is the framework's own span for this request, `inside` the spans of clients that this one has
    inside: where a client tells of a request, its framework's span of the same is no second call.
    """

    span: weakref.ref[Span]
    account: Account
    exchange: Exchange
    outer: OpenCall | None = None
    inside: int = 0

    def was_no_call(self) -> None:
        """A span that turned out to be no call: what is around it may be one all the same."""
        if self.outer is not None:
            self.outer.inside -= 1


class OpenCalls:
    """The calls that are under way, by span id; a span that is gone takes its call with it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open: dict[tuple[int, int], OpenCall] = {}

    def start(self, span: Span, account: Account, *, outer: OpenCall | None = None) -> OpenCall:
        """Notes a call that starts, with the scope it starts in, and the call it is part of."""
        key, still_open = key_of(span.get_span_context()), self._open

        def forget(_: weakref.ref[Span]) -> None:
            still_open.pop(key, None)

        opened = OpenCall(weakref.ref(span, forget), account, Exchange(), outer)
        if outer is not None:
            outer.inside += 1
        with self._lock:
            still_open[key] = opened
        return opened

    def find(self, context: SpanContext | None) -> OpenCall | None:
        """The open call of a span, if it is one."""
        return self._open.get(key_of(context)) if context is not None else None

    def end(self, span: ReadableSpan) -> OpenCall | None:
        """Takes a call out that has ended."""
        with self._lock:
            return self._open.pop(key_of(span.get_span_context()), None)

    def spans(self) -> list[Span]:
        """The spans of the calls that nobody has ended yet."""
        with self._lock:
            found = [call.span() for call in self._open.values()]
        return [span for span in found if span is not None]

    def forget(self) -> None:
        """After a fork the open calls are the parent's."""
        self._lock = threading.RLock()
        self._open = {}


def key_of(context: SpanContext | None) -> tuple[int, int]:
    """What a span is known by; zeros for none."""
    return (context.trace_id, context.span_id) if context is not None else (0, 0)
