"""Agents, tools and model requests in the spans of other instrumentations, while they are open.

What runs inside an agent's or a tool's span belongs to it, as if the user's code had opened a scope there.
The span of a framework's model request may have the client's own span inside: then that one counts.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

from opentelemetry.trace import StatusCode

from agentgauge import ledger
from agentgauge.labels import clean_label
from agentgauge.ledger import Account
from agentgauge.pipeline.exchange import key_of
from agentgauge.pipeline.records import FinishedScope

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from agentgauge.pipeline.exchange import OpenCall

Kind = Literal["agent", "tool"]


@dataclass(frozen=True, slots=True)
class Named:
    """What a span says of itself: that it is the run of this agent or tool."""

    kind: Kind
    name: str


class ReadsNames(Protocol):
    """Reads who runs in a span that starts."""

    def __call__(self, span: ReadableSpan) -> Named | None:
        """The agent or tool; None for any other span, and for one that is recognised otherwise."""


def _nobody(span: ReadableSpan) -> Named | None:  # noqa: ARG001  # ReadsNames
    return None


@dataclass(slots=True, eq=False)
class SpanScope:
    """Owns the account of an agent's or a tool's span; `ledger.Twin`."""

    kind: str
    name: str
    account: Account | None = None
    given_way: bool = False
    recognised: bool = True

    def give_way(self, around: Context | None) -> tuple[Account, Context | None]:
        """Steps back: the span stays where it is, and is no scope any more."""
        self.given_way = True
        assert self.account is not None
        assert self.account.parent is not None
        return self.account.parent, around


@dataclass(slots=True)
class _Open:
    span: weakref.ref[Span]
    owner: SpanScope | None
    request: OpenCall | None


@dataclass(slots=True)
class ForeignSpans:
    """Those open spans that say who runs or what is asked, and all that are open inside them."""

    reads: ReadsNames = _nobody
    _open: dict[tuple[int, int], _Open] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def request_around(self, span: ReadableSpan) -> OpenCall | None:
        """The framework's model request that this span is part of."""
        above = self._open.get(key_of(span.parent))
        return above.request if above is not None else None

    def started(self, span: Span, context: Context | None, call: OpenCall | None) -> None:
        """Notes a span that starts; `call` when it is a model request."""
        above = self._open.get(key_of(span.parent))
        named = self.reads(span) if call is None else None
        if above is None and named is None and call is None:
            return
        account, owner = where(context), None
        if named is not None and not ledger.is_open(account, named.kind, named.name):
            owner = SpanScope(named.kind, named.name)
            account = owner.account = _account_of(owner, account)
        key = key_of(span.get_span_context())
        noted = _Open(self._until_gone(span, key), owner, call or (above.request if above else None))
        with self._lock:
            self._open[key] = noted
        ledger.bind(key, account)

    def _until_gone(self, span: Span, key: tuple[int, int]) -> weakref.ref[Span]:
        def forget(_: weakref.ref[Span]) -> None:
            self._open.pop(key, None)
            ledger.unbind(key)

        return weakref.ref(span, forget)

    def ended(self, span: ReadableSpan, *, forward: bool) -> FinishedScope | None:
        """Forgets a span; the scope that it was, if any. `forward`: the user's processors want it."""
        key = key_of(span.get_span_context())
        with self._lock:
            noted = self._open.pop(key, None)
        ledger.unbind(key)
        if noted is None or noted.owner is None or noted.owner.account is None:
            return None
        noted.owner.account.ended = True
        return None if noted.owner.given_way else replace(_finished(span, noted.owner), forward=forward)

    def forget(self) -> None:
        """After a fork the open spans are the parent's; who runs stays the same."""
        self._lock = threading.RLock()


def where(context: Context | None) -> Account:
    """The account that a span starts in.

    Where its instrumentation keeps contexts of its own, that of the code which starts it says more.
    """
    account = ledger.current(context)
    return ledger.current() if account is ledger.root else account


def _account_of(owner: SpanScope, parent: Account) -> Account:
    origin = parent.origin.inside_agent(owner.name) if owner.kind == "agent" else parent.origin
    return Account(parent=parent, origin=origin, owner=owner, closes=owner.kind == "agent")


def _finished(span: ReadableSpan, owner: SpanScope) -> FinishedScope:
    context, account = span.get_span_context(), owner.account
    assert context is not None
    assert account is not None
    start_ns = span.start_time or 0
    failed = span.status.status_code is StatusCode.ERROR
    operation = "invoke_agent" if owner.kind == "agent" else "execute_tool"
    attributes = {"gen_ai.operation.name": operation}
    if owner.kind == "tool":
        attributes |= {"gen_ai.tool.name": owner.name, "gen_ai.tool.type": "function"}
    return FinishedScope(
        trace_id=context.trace_id,
        span_id=context.span_id,
        parent_span_id=span.parent.span_id if span.parent else None,
        kind=owner.kind,
        name=owner.name,
        span_name=f"{operation} {owner.name}",
        start_ns=start_ns,
        end_ns=span.end_time or start_ns,
        origin=account.origin,
        status="error" if failed else "ok",
        error_type=error_type(span) if failed else None,
        account=account,
        sampled=context.trace_flags.sampled,
        attributes=attributes,
    )


def error_type(span: ReadableSpan) -> str:
    """The class of the exception that a span has noted; `other` when it has none."""
    told = (span.attributes or {}).get("error.type")
    names = [told, *((event.attributes or {}).get("exception.type") for event in reversed(span.events))]
    found = next((name for name in names if isinstance(name, str) and name), "other")
    return clean_label(found.rsplit(".", 1)[-1], most=64)
