"""What the client itself did for one call: the facts that an instrumentation's span hides."""

from __future__ import annotations

import threading
import time
import weakref
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from opentelemetry import trace
    from opentelemetry.sdk.trace import ReadableSpan, Span
    from opentelemetry.trace import SpanContext

    from agentgauge.call import Origin
    from agentgauge.ledger import Account


@dataclass(slots=True)
class Exchange:
    """The HTTP side of one call, filled in by the client layer while it runs.

    `most_output` is the most output tokens that the request asks for, of all its `choices`; `chosen_model` is
    asked in place of the caller's, as a budget of his says. `body` is the request as it was sent; `answers`
    the parsed JSON of what came back: one body, or the chunks of a stream as far as they were read. `hidden`
    is a chunk that only we asked for (`hides_usage`), kept from the caller; `over_context` the
    tokens that the model takes, where the request has more. `unread` gives the answers of a body that is kept
    until the call has ended. `provider` is who answers wherever it is, where the client knows one alone.
    """

    method: str | None = None
    path: str | None = None
    host: str | None = None
    port: int | None = None
    model: str | None = None
    stream: bool = False
    background: bool = False
    has_tools: bool = False
    most_output: int | None = None
    choices: int = 1
    chosen_model: str | None = None
    body: bytes | None = None
    attempts: int = 0
    statuses: list[int] = field(default_factory=list)
    answers: list[Mapping[str, Any]] = field(default_factory=list)
    first_answer_ns: int | None = None
    blocked: bool = False
    over_context: int | None = None
    hides_usage: bool = False
    hidden: Mapping[str, Any] | None = None
    provider: str | None = None
    unread: Callable[[], Iterable[Mapping[str, Any]]] | None = None

    def answer(self, data: Mapping[str, Any]) -> None:
        """Takes in one body or one chunk."""
        if self.first_answer_ns is None:
            self.first_answer_ns = time.time_ns()
        self.answers.append(data)

    def take_hidden(self) -> None:
        """Counts what was kept from the caller among the answers, unless it was read with them."""
        if self.unread is not None:
            unread, self.unread = self.unread, None
            for data in unread():
                self.answer(data)
        if self.hidden is not None and self.hidden not in self.answers:
            self.answers.append(self.hidden)


@dataclass(slots=True, eq=False, weakref_slot=True)
class OpenCall:
    """A call between its start and its end; `key` is (trace id, span id).

    `outer` is the framework's own span for this request, `inside` the spans of clients that this one has
    inside: where a client tells of a request, its framework's span of the same is no second call.

    `outside` is the span of the user's that it gives way to; `library` makes it, where that is to be its
    role.
    """

    key: tuple[int, int]
    span: weakref.ref[Span]
    account: Account
    exchange: Exchange
    outside: trace.Span | None = None
    library: str | None = None
    outer: OpenCall | None = None
    inside: int = 0
    of_frameworks: bool = False

    @property
    def origin(self) -> Origin:
        """Who makes the call."""
        origin = self.account.origin
        return replace(origin, role=self.library) if self.library else origin

    def was_no_call(self) -> None:
        """A span that turned out to be no call: what is around it may be one all the same."""
        if self.outer is not None:
            self.outer.inside -= 1


class OpenCalls:
    """The calls that are under way, by span id; a span that is gone takes its call with it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open: dict[tuple[int, int], OpenCall] = {}

    def start(  # what is known of a call at its start
        self,
        span: Span,
        account: Account,
        *,
        library: str | None = None,
        outside: trace.Span | None = None,
        outer: OpenCall | None = None,
        of_frameworks: bool = False,
    ) -> OpenCall:
        """Notes a call that starts, with the scope it starts in, and the call it is part of."""
        key, still_open = key_of(span.get_span_context()), self._open

        def forget(_: weakref.ref[Span]) -> None:
            still_open.pop(key, None)

        opened = OpenCall(
            key,
            weakref.ref(span, forget),
            account,
            Exchange(),
            outside=outside,
            library=library,
            outer=outer,
            of_frameworks=of_frameworks,
        )
        if outer is not None:
            outer.inside += 1
        with self._lock:
            still_open[key] = opened
        return opened

    def join(self, span: Span, opened: OpenCall) -> None:
        """Notes a second instrumentation's span of a call that is open already: it is no call of its own."""
        with self._lock:
            self._open[key_of(span.get_span_context())] = opened

    def find(self, context: SpanContext | None) -> OpenCall | None:
        """The open call of a span, if it is one."""
        return self._open.get(key_of(context)) if context is not None else None

    def end(self, span: ReadableSpan) -> OpenCall | None:
        """Takes a call out that has ended."""
        key = key_of(span.get_span_context())
        with self._lock:
            opened = self._open.pop(key, None)
        return opened if opened is not None and opened.key == key else None

    def streams(self) -> list[OpenCall]:
        """The calls whose answers have begun to stream."""
        with self._lock:
            found = [call for key, call in self._open.items() if call.key == key]
        return [call for call in found if call.exchange.stream and call.exchange.answers]

    def spans(self) -> list[Span]:
        """The spans of the calls that nobody has ended yet."""
        with self._lock:
            found = [call.span() for key, call in self._open.items() if call.key == key]
        return [span for span in found if span is not None]

    def forget(self) -> None:
        """After a fork the open calls are the parent's."""
        self._lock = threading.RLock()
        self._open = {}


def key_of(context: SpanContext | None) -> tuple[int, int]:
    """What a span is known by; zeros for none."""
    return (context.trace_id, context.span_id) if context is not None else (0, 0)
