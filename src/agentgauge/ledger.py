"""Running sums per scope: exact as soon as a call has ended, corrected once it has been counted."""

from __future__ import annotations

import sys
import threading
import weakref
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from opentelemetry import context as otel_context
from opentelemetry import trace

from agentgauge.call import Origin
from agentgauge.totals import Running, Totals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.context import Context

    from agentgauge.call import Call

_KEY = otel_context.create_key("agentgauge.account")
_by_span: dict[tuple[int, int], Account] = {}
# Re-entrant, since a signal handler that flushes can interrupt whoever holds it.
_lock = threading.RLock()

USD = 1_000_000_000
"""Nano-USD in one USD."""


@dataclass(slots=True)
class Usage(Totals):
    """What a scope has used so far: the contract's T, by agent as well.

    Attributes:
        by_agent: the same sums per agent; an agent without calls reads zero.
        pending: calls whose tool tokens or estimates are still being counted.
        running: an estimate of streams under way, which are in no other number until they have ended.
    """

    by_agent: dict[str, Usage] = field(default_factory=dict)
    pending: int = 0
    running: Running = field(default_factory=Running)

    @property
    def cost_usd(self) -> float | None:
        """USD, None when nothing is priced; `cost_nanousd` is the exact integer."""
        return None if self.cost_nanousd is None else self.cost_nanousd / USD

    def to_dict(self) -> dict[str, Any]:
        """T of the report's JSON, and `by_agent`."""
        own = Totals.to_dict(self)
        own["by_agent"] = {name: _plain(usage) for name, usage in self.by_agent.items()}
        return own


def _plain(usage: Usage) -> dict[str, Any]:
    row = usage.to_dict()
    row.pop("by_agent")
    return row


class _ByAgent(dict[str, Usage]):
    """Reads zero for an agent that made no call."""

    def __missing__(self, name: str) -> Usage:
        return Usage()


class Part(NamedTuple):
    """Whose, and by which model, the calls of one sum were."""

    agent: str
    role: str | None
    branch: str | None
    provider: str | None
    model: str

    @classmethod
    def of(cls, call: Call) -> Part:
        """The part that a call belongs to."""
        origin, request = call.origin, call.request
        return cls(origin.agent, origin.role, origin.branch, request.provider, request.model)


class Account:
    """The sums of one scope. A call counts in its own account and in every one above it.

    `owner` is the scope, or the budget, that opened it. One that `closes` takes no call once it has ended.
    """

    def __init__(
        self, *, parent: Account | None, origin: Origin, owner: object = None, closes: bool = False
    ) -> None:
        self.parent = parent
        self.origin = origin
        self.owner = owner
        self.closes = closes
        self.ended = False
        self._by_agent: dict[str, Totals] = {}
        self._parts: dict[Part, Totals] = {}
        self._last: Call | None = None
        self._uncounted: dict[tuple[int, int], Call] = {}

    def chain(self) -> Iterator[Account]:
        """This account and those above it, innermost first."""
        account: Account | None = self
        while account is not None:
            yield account
            account = account.parent

    def add(self, call: Call) -> None:
        """Takes in a call that has ended and may still be counted further."""
        with _lock:
            for account in self.chain():
                account._take(call)  # noqa: SLF001  # accounts are one tree

    def settle(self, call: Call) -> None:
        """Replaces what was added by the call's final numbers."""
        with _lock:
            for account in self.chain():
                account._replace(call)

    def _take(self, call: Call) -> None:
        self._uncounted[call.key] = self._last = call

    def _replace(self, call: Call) -> None:
        self._uncounted.pop(call.key, None)
        self._by_agent.setdefault(call.origin.agent, Totals()).add(call)
        self._parts.setdefault(Part.of(call), Totals()).add(call)
        if self._last is not None and self._last.key == call.key:
            self._last = call

    @property
    def last(self) -> Call | None:
        """The call that ended last; its final numbers once it has been counted."""
        return self._last

    def parts(self) -> dict[Part, Totals]:
        """A copy of the same sums as in `usage`, by agent, role, branch, provider and model."""
        with _lock:
            found, waiting = deepcopy(self._parts), list(self._uncounted.values())
        for call in waiting:
            found.setdefault(Part.of(call), Totals()).add(call)
        return found

    def usage(self) -> Usage:
        """A copy of the sums at this moment."""
        with _lock:
            settled = deepcopy(self._by_agent)
            waiting = list(self._uncounted.values())
        for call in waiting:
            settled.setdefault(call.origin.agent, Totals()).add(call)
        total, by_agent = Usage(pending=len(waiting)), _ByAgent()
        for name, sums in settled.items():
            by_agent[name] = Usage()
            by_agent[name].merge(sums)
            total.merge(sums)
        total.by_agent = by_agent
        return total

    def forget(self) -> None:
        """Drops what is not counted yet: after a fork it is the parent's to count."""
        with _lock:
            self._uncounted.clear()


class Twin(Protocol):
    """The owner of a scope that a framework opened, and that the user's own code may replace."""

    kind: str
    name: str
    recognised: bool

    def give_way(self, around: Context | None) -> tuple[Account, Context | None]:
        """Steps back: where the user's scope of the same kind and name opens in its place."""


root = Account(parent=None, origin=Origin())
"""The process: sums of every call, inside a scope or not."""


def lock() -> threading.RLock:
    """What guards every account; another one after a fork."""
    return _lock


def current(context: Context | None = None) -> Account:
    """The innermost open account.

    A worker that was started inside a scope keeps that scope's context when the scope has long ended;
    its calls belong to nobody we know, so they go to the process and never to a closed agent. What an
    ended step, tool or budget has left running is still the agent's around it.
    """
    innermost = otel_context.get_value(_KEY, context)
    if isinstance(innermost, Placement):
        if innermost.left and innermost.task == _task_here():
            if context is None and otel_context.get_current() is innermost.context:
                otel_context.attach(innermost.before)  # whoever left it could not from where he was
            return current(innermost.before)
        innermost = innermost.account
    account = _open_one(innermost) if isinstance(innermost, Account) else root
    if _by_span:
        where = trace.get_current_span(context).get_span_context()
        bound = _by_span.get((where.trace_id, where.span_id))
        # Of a scope and a span of another instrumentation, the one that was opened inside the other.
        if bound is not None and not bound.ended and account in bound.chain():
            return bound
    return account


def _open_one(innermost: Account) -> Account:
    found: Account | None = None
    for account in innermost.chain():
        if not account.ended:
            found = found or account
        if account.closes:
            return root if account.ended or found is None else found
    return found or root


def bind(span: tuple[int, int], account: Account) -> None:
    """Makes `account` that of all that runs inside a span of another instrumentation, by its key."""
    _by_span[span] = account


def unbind(span: tuple[int, int]) -> None:
    """Undoes a `bind`."""
    _by_span.pop(span, None)


def is_open(account: Account, kind: str, name: str) -> bool:
    """Whether the innermost agent or tool is this one: two that see the same run open one scope."""
    for each in account.chain():
        owner: Any = each.owner
        if getattr(owner, "kind", None) in ("agent", "tool"):
            return bool(owner.kind == kind and owner.name == name)
    return False


def twin(account: Account, kind: str, name: str) -> Twin | None:
    """The innermost scope, when a framework opened it for the same thing."""
    owner: Any = account.owner
    same = getattr(owner, "recognised", False) and (owner.kind, owner.name) == (kind, name)
    return owner if same else None


@dataclass(slots=True, eq=False)
class Placement:
    """An account that somebody made the current one in a task that is not his own.

    He may learn of the end in another task, where the context cannot be put back; so it is `left`, and the
    task that it was put into goes on as `before`. Tasks that were started meanwhile stay in the account.
    """

    account: Account
    before: Context
    task: object
    context: Context | None = None
    left: bool = False


def place(account: Account, context: Context) -> Placement:
    """A placement whose `context`, the given one with the account, is to be attached now."""
    placed = Placement(account, otel_context.get_current(), _task_here())
    placed.context = otel_context.set_value(_KEY, placed, context)
    return placed


def _task_here() -> object:
    """The running task, or the thread where there is none."""
    asyncio: Any = sys.modules.get("asyncio")
    with suppress(RuntimeError):
        task = asyncio.current_task() if asyncio is not None else None
        if task is not None:
            return weakref.ref(task)
    return threading.get_ident()


def with_account(account: Account, context: Context | None = None) -> Context:
    """A context in which `account` is the current one."""
    return otel_context.set_value(_KEY, account, context)


def after_fork() -> None:
    """In the child: a fresh lock, since the parent's may have been held, and no calls of the parent."""
    global _lock  # noqa: PLW0603  # the lock itself must be replaced
    _lock = threading.RLock()
    for account in current().chain():
        account.forget()
