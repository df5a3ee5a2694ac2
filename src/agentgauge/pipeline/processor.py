"""The span processor: sorts what ends on our provider and hands it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from opentelemetry.sdk.trace import SpanProcessor

from agentgauge import ledger, semconv
from agentgauge.guard import guarded
from agentgauge.library_role import library_role
from agentgauge.pipeline import neighbours, runtime

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from agentgauge.ledger import Account
    from agentgauge.pipeline.exchange import OpenCall, OpenCalls
    from agentgauge.pipeline.reading import Reading


class Source(Protocol):
    """Reads the call spans of one instrumentation."""

    def claims(self, span: ReadableSpan) -> bool:
        """Whether this span is a model request of this instrumentation."""

    def read(self, span: ReadableSpan, opened: OpenCall) -> Reading:
        """What a span that has ended says: a call, a poll, or nothing."""


class Receiver(Protocol):
    """Takes what has ended."""

    def call_ended(self, span: ReadableSpan, opened: OpenCall, source: Source) -> None:
        """A span of a model request has ended."""

    def foreign_ended(self, span: ReadableSpan) -> None:
        """A span of neither us nor a source has ended."""


class GaugeProcessor(SpanProcessor):
    """Notes which scope a call starts in, and hands ended spans to the receiver.

    Our own scopes report themselves when they end, so their spans are passed over here.
    """

    def __init__(self, receiver: Receiver, sources: tuple[Source, ...], open_calls: OpenCalls) -> None:
        self._receiver = receiver
        self._sources = sources
        self._open_calls = open_calls
        self.keep_foreign = True

    def _source_of(self, span: ReadableSpan) -> Source | None:
        return next((source for source in self._sources if source.claims(span)), None)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: D102
        with guarded("noting the start of a call"):
            if self._source_of(span) is None:
                return
            around = self._open_calls.find(span.parent)
            if around is not None:
                self._open_calls.join(span, around)
            else:
                account = ledger.current(parent_context)
                outside = neighbours.outside(parent_context)
                self._open_calls.start(span, account, library=_library(account), outside=outside)

    def on_end(self, span: ReadableSpan) -> None:  # noqa: D102
        with guarded("reading a span that has ended"):
            scope = span.instrumentation_scope
            if scope is not None and scope.name == semconv.SCOPE_NAME:
                return
            source = self._source_of(span)
            if source is None:
                if self.keep_foreign:
                    self._receiver.foreign_ended(span)
                return
            opened = self._open_calls.end(span)
            if opened is not None:
                self._receiver.call_ended(span, opened, source)


def _library(account: Account) -> str | None:
    """The library that makes the call, where its name is to be the role."""
    active = runtime.active()
    if account.origin.role is not None or active is None or not active.settings.library_roles:
        return None
    return library_role()
