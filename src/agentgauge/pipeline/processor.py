"""The span processor: sorts what ends on our provider and hands it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from opentelemetry.sdk.trace import SpanProcessor

from agentgauge import semconv
from agentgauge.guard import guarded
from agentgauge.library_role import library_role
from agentgauge.pipeline import neighbours, runtime
from agentgauge.pipeline.foreign import where

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from agentgauge.ledger import Account
    from agentgauge.pipeline.exchange import OpenCall, OpenCalls
    from agentgauge.pipeline.foreign import ForeignSpans
    from agentgauge.pipeline.reading import Reading
    from agentgauge.pipeline.records import FinishedScope


class Source(Protocol):
    """Reads the call spans of one instrumentation.

    `of_frameworks`: they may have spans of a client inside, which tell more of the same request.
    """

    of_frameworks: bool

    def claims(self, span: ReadableSpan) -> bool:
        """Whether this span is a model request of this instrumentation."""

    def read(self, span: ReadableSpan, opened: OpenCall) -> Reading:
        """What a span that has ended says: a call, a poll, or nothing."""


class Receiver(Protocol):
    """Takes what has ended, and knows what is under way."""

    open_calls: OpenCalls
    foreign: ForeignSpans

    def call_ended(self, span: ReadableSpan, opened: OpenCall, source: Source) -> bool:
        """A span of a model request has ended; False when it is to be kept as any other span."""

    def foreign_ended(self, span: ReadableSpan) -> None:
        """A span of neither us nor a source has ended."""

    def scope_ended(self, scope: FinishedScope) -> None:
        """An agent or tool that another instrumentation's span tells of has ended."""


class GaugeProcessor(SpanProcessor):
    """Notes which scope a call starts in, and hands ended spans to the receiver.

    Our own scopes report themselves when they end, so their spans are passed over here. `keep_foreign`:
    spans of other instrumentations are sent on; on a provider of the user's they go their own way.
    """

    def __init__(self, receiver: Receiver, sources: tuple[Source, ...], *, keep_foreign: bool = True) -> None:
        self._receiver: Receiver | None = receiver
        self._sources = sources
        self._keep_foreign = keep_foreign

    def aim(self, receiver: Receiver | None, sources: tuple[Source, ...] = ()) -> None:
        """Gives what follows to another receiver, or to nobody: a provider keeps its processors for good."""
        self._receiver, self._sources = receiver, sources

    def _source_of(self, span: ReadableSpan) -> Source | None:
        return next((source for source in self._sources if source.claims(span)), None)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: D102
        with guarded("noting the start of a call"):
            receiver = self._receiver
            if receiver is None or _is_ours(span):
                return
            source, call = self._source_of(span), None
            if source is not None:
                around = receiver.open_calls.find(span.parent)
                if around is not None and not (around.of_frameworks or source.of_frameworks):
                    receiver.open_calls.join(span, around)
                else:
                    call = self._started(span, parent_context, receiver, source)
            receiver.foreign.started(span, parent_context, call)

    def _started(
        self, span: Span, parent_context: Context | None, receiver: Receiver, source: Source
    ) -> OpenCall:
        account = where(parent_context)
        return receiver.open_calls.start(
            span,
            account,
            library=_library(account),
            outside=neighbours.outside(parent_context),
            outer=receiver.foreign.request_around(span),
            of_frameworks=source.of_frameworks,
        )

    def on_end(self, span: ReadableSpan) -> None:  # noqa: D102
        with guarded("reading a span that has ended"):
            receiver = self._receiver
            if receiver is None or _is_ours(span):
                return
            scope = receiver.foreign.ended(span, forward=self._keep_foreign)
            opened, source = receiver.open_calls.end(span), self._source_of(span)
            if scope is not None:
                receiver.scope_ended(scope)
                return
            kept = source is None or source.of_frameworks
            if source is not None and opened is not None:
                kept = not receiver.call_ended(span, opened, source)
            if kept and self._keep_foreign:
                receiver.foreign_ended(span)


def _library(account: Account) -> str | None:
    """The library that makes the call, where its name is to be the role."""
    active = runtime.active()
    if account.origin.role is not None or active is None or not active.settings.library_roles:
        return None
    return library_role()


def _is_ours(span: ReadableSpan) -> bool:
    scope = span.instrumentation_scope
    return scope is not None and scope.name == semconv.SCOPE_NAME
