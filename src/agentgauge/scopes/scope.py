"""One open scope: a workflow, agent, tool, step, role or branch."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from opentelemetry import context as otel_context
from opentelemetry.trace import SpanKind, Status, StatusCode

from agentgauge import ledger
from agentgauge.guard import guarded
from agentgauge.labels import clean_label, clean_text
from agentgauge.ledger import Account, Usage
from agentgauge.pipeline import neighbours, running, runtime
from agentgauge.pipeline.records import FinishedScope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextvars import Token
    from types import TracebackType

    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from agentgauge.call import Call, Origin
    from agentgauge.ledger import Part, Placement
    from agentgauge.totals import Totals

USAGE_WAIT_S = 2.0
"""How long reading `.usage` waits for calls that are still being counted."""

_CANCELLING = ("CancelledError", "KeyboardInterrupt", "GeneratorExit", "SystemExit")
_CHANGES = ("created", "modified")
_CLOSING = ("workflow", "agent", "branch")
"""Kinds that say whose calls are: what goes on after such a scope has ended is not its any more."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How a scope is to be opened: what a `with` and a decorator have in common.

    `kind` role makes no span of its own: it only says what the calls inside are for. `span_name` None is
    the step in which an agent plans, whose span is named after the agent that runs it.
    """

    kind: str
    name: str
    span_name: str | None
    origin: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def origin_below(self, parent: Origin) -> Origin:
        """Who the calls inside belong to."""
        changes = dict(self.origin)
        if self.kind == "agent":
            parent = parent.inside_agent(self.name)
        if "tags" in changes:
            changes["tags"] = tuple((dict(parent.tags) | dict(changes["tags"])).items())
        return replace(parent, **changes)


class Scope:
    """An open scope. `usage` is what happened inside, also after it has ended."""

    recognised = False
    """Whether a framework opened it, not the user's own code."""

    def __init__(self, opening: Opening, *, around: Context | None = None) -> None:
        self.kind = opening.kind
        self.name = opening.name
        self.opening = opening
        parent = ledger.current(around)
        if not self.recognised and (twin := ledger.twin(parent, self.kind, self.name)) is not None:
            # The user's code and the framework name the same run: the user's word stands, once.
            parent, around = twin.give_way(around)
        self._account = Account(
            parent=parent,
            origin=opening.origin_below(parent.origin),
            owner=self,
            closes=opening.kind in _CLOSING,
        )
        self._span_name = opening.span_name or f"plan {self._account.origin.agent}"
        self._details: dict[str, Any] = dict(opening.details)
        self._events: list[tuple[str, int, Mapping[str, Any]]] = []
        self._start_ns = time.time_ns()
        self._process_id = os.getpid()
        self._span: Span | None = None
        self._context = self._open(around)
        self._attached: list[tuple[Token[Context], Placement]] = []

    def _open(self, around: Context | None) -> Context:
        context = ledger.with_account(self._account, around)
        active = runtime.active()
        if active is not None and self.kind != "role":
            with guarded("opening a scope"):
                self._span = active.tracer.start_span(
                    self._span_name, context=context, kind=SpanKind.INTERNAL
                )
                context = neighbours.entered(self._span, context)
        return context

    @property
    def context(self) -> Context:
        """The context in which this is the innermost scope."""
        return self._context

    @property
    def usage(self) -> Usage:
        """What has been used inside so far; waits up to 2 s for calls that are still being counted.

        `usage.pending` tells how many are left then, `usage.running` what streams under way use so far.
        """
        self._settled()
        return running.usage_of(self._account)

    def parts(self) -> dict[Part, Totals]:
        """The sums of `usage`, apart by agent, role, branch, provider and model."""
        self._settled()
        return self._account.parts()

    @property
    def last_call(self) -> Call | None:
        """The call inside that ended last, with its final numbers; None before the first."""
        self._settled()
        return self._account.last

    @staticmethod
    def _settled() -> None:
        active = runtime.active()
        if active is not None:
            active.pipeline.settled(timeout_s=USAGE_WAIT_S)

    def branch(self, name: str) -> Scope:
        """A branch of this workflow: its calls count in the workflow, and apart under this name.

        Also where this scope is not the running one: in a thread, which starts outside any scope.
        """
        label, inside = clean_label(name), self._account in ledger.current().chain()
        opening = Opening("branch", label, f"branch {label}", origin={"branch": label})
        return Scope(opening, around=None if inside else self._context)

    def plan(self, steps: Sequence[str]) -> None:
        """Notes the steps that are planned, in order."""
        several = isinstance(steps, Iterable) and not isinstance(steps, str)
        self._details["plan"] = [clean_label(step) for step in (steps if several else [steps])]

    def note_file(self, path: str, change: str = "modified") -> None:
        """Notes a file that was `created` or `modified`."""
        kind = change if change in _CHANGES else "modified"
        shown = clean_text(path)
        self._details.setdefault("files", []).append({"path": shown, "change": kind})
        self._events.append((f"agentgauge.file.{kind}", time.time_ns(), {"path": shown}))

    def note_template(self, name: str, relevance: float | None = None) -> None:
        """Notes a template that was used, and how well it fitted (0 to 1)."""
        fits = isinstance(relevance, int | float) and math.isfinite(relevance)
        noted: dict[str, Any] = {"name": clean_text(name), "relevance": relevance if fits else None}
        self._details.setdefault("templates", []).append(noted)
        known = {f"agentgauge.template.{key}": value for key, value in noted.items() if value is not None}
        self._events.append(("agentgauge.template", time.time_ns(), known))

    @property
    def planned(self) -> list[tuple[str, bool]]:
        """The planned steps in order, and whether a step of that name has ended well inside."""
        return [(step, step in self._details.get("done", ())) for step in self._details.get("plan", ())]

    def note_method(self, method: str, **counts: int) -> None:
        """Notes text that was made without a model: how, and estimated `input_tokens`, `output_tokens`.

        It is no call and in no sum.
        """
        noted = {"method": clean_text(method), **counts, "source": "estimated"}
        self._details.setdefault("methods", []).append(noted)

    def note_route(self, route: Mapping[str, Any]) -> None:
        """Notes a choice of model, as `agentgauge.routing` makes it."""
        self._details.setdefault("routes", []).append(dict(route))

    # What enters and leaves it.

    def attach(self) -> None:
        """Makes this the innermost scope of the running thread or task."""
        placed = ledger.place(self._account, self._context)
        self._attached.append((otel_context.attach(placed.context or self._context), placed))

    def detach(self) -> None:
        """Undoes the last `attach`; from another context, it is undone when its own is next looked at."""
        if not self._attached:
            return
        token, placed = self._attached.pop()
        # A generator closed by another task ends where this scope never was; the public one would log that.
        try:
            otel_context._RUNTIME_CONTEXT.detach(token)  # noqa: SLF001
        except (ValueError, RuntimeError):
            placed.left = True

    def end(self, error: BaseException | None = None) -> None:
        """Ends the scope; the first time counts."""
        # A role says what code is for, not for how long: what its library has left running keeps it.
        if self._account.ended or self.kind == "role":
            return
        self._account.ended = True
        if self.kind == "step" and error is None:
            self._tick()
        with guarded("ending a scope"):
            self._finish(error)

    def _tick(self) -> None:
        """Tells the innermost scope with a plan of this step that it is done."""
        for account in self._account.chain():
            above = account.owner
            if isinstance(above, Scope) and self.name in above._details.get("plan", ()):  # noqa: SLF001
                above._details.setdefault("done", []).append(self.name)  # noqa: SLF001
                return

    def _finish(self, error: BaseException | None) -> None:
        active, span, opening = runtime.active(), self._span, self.opening
        # After a fork inside the scope, its end is the parent's to report.
        if active is None or span is None or self._process_id != os.getpid():
            return
        name = type(error).__name__ if error is not None else None
        status = "ok" if name is None else "cancelled" if name in _CANCELLING else "error"
        end_ns = time.time_ns()
        if status == "error":
            span.set_status(Status(StatusCode.ERROR))
        span.end(end_ns)
        context = span.get_span_context()
        parent = getattr(span, "parent", None)
        active.pipeline.scope_ended(
            FinishedScope(
                trace_id=context.trace_id,
                span_id=context.span_id,
                parent_span_id=parent.span_id if parent else None,
                kind=self.kind,
                name=self.name,
                span_name=self._span_name,
                start_ns=self._start_ns,
                end_ns=end_ns,
                origin=self._account.origin,
                status=status,
                error_type=name,
                account=self._account,
                sampled=context.trace_flags.sampled,
                attributes=opening.attributes,
                events=tuple(self._events),
                details=self._details,
            )
        )

    def __enter__(self) -> Self:
        self.attach()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()
        self.end(error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


class ProcessScope(Scope):
    """What `current()` gives when no scope is open: the sums of the process; notes go nowhere."""

    def __init__(self) -> None:  # it opens nothing, so the base class's set-up has no part in it
        self.kind = self.name = "process"
        self.opening = Opening("process", "process", "process")
        self._account = ledger.root
        self._details = {}
        self._events = []
        self._span = None
        self._context = otel_context.Context()
        self._attached = []

    def end(self, error: BaseException | None = None) -> None:
        """The process ends by itself."""


_process = ProcessScope()


def current() -> Scope:
    """The innermost open scope; outside any, the process with the sums of all its calls."""
    for account in ledger.current().chain():
        if isinstance(account.owner, Scope):
            return account.owner
    return _process
