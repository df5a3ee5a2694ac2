"""Scopes that a framework's own word opens, and how they go together with the user's."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context

from agentgauge import ledger
from agentgauge.call import UNATTRIBUTED
from agentgauge.guard import guarded
from agentgauge.labels import clean_label
from agentgauge.pipeline import runtime
from agentgauge.scopes.scope import Opening, Scope
from agentgauge.scopes.wrap import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context

    from agentgauge.ledger import Account


class ToolError(Exception):
    """Stands for the exception of a tool that its framework has turned into an answer."""


class Recognised(Scope):
    """A scope that a framework opened; a scope of the user's for the same thing takes its place."""

    recognised = True
    no_failure: frozenset[str] = frozenset()
    """Exceptions, by their class, that put a run off or hand it over; they are no errors of it."""

    def __init__(self, opening: Opening, *, around: Context | None = None) -> None:
        self._opened_in = otel_context.get_current() if around is None else around
        self._given_way = False
        super().__init__(opening, around=around)

    def give_way(self, around: Context | None) -> tuple[Account, Context | None]:  # noqa: ARG002  # ledger.Twin
        """Steps back: it will not be reported, and the user's scope opens where it was opened."""
        self._given_way = True
        assert self._account.parent is not None
        return self._account.parent, self._opened_in

    def place(self) -> ledger.Placement:
        """For a framework that tells of the end of a run in another task than that of its start."""
        return ledger.place(self._account, self.context)

    def end(self, error: BaseException | None = None) -> None:
        """Ends the scope; the first time counts."""
        put_off = not self.no_failure.isdisjoint(base.__name__ for base in type(error).__mro__)
        super().end(None if put_off else error)

    def _finish(self, error: BaseException | None) -> None:
        if not self._given_way:
            super()._finish(error)


def watched(framework: str) -> bool:
    """Whether this framework's agents and tools are to be recognised now."""
    active = runtime.active()
    return active is not None and framework in active.settings.frameworks


def open_agent(name: object, *, around: Context | None = None) -> Recognised | None:
    """A scope for an agent's run; None when it is the agent that is running anyway.

    Args:
        name: as the framework's user gave it.
        around: the context to open it in; the current one when None.
    """
    label = clean_label(name)
    if ledger.is_open(ledger.current(around), "agent", label):
        return None
    attributes = {"gen_ai.operation.name": "invoke_agent"}
    return Recognised(Opening("agent", label, f"invoke_agent {label}", attributes=attributes), around=around)


def open_tool(name: object, *, call_id: str | None = None) -> Recognised | None:
    """A scope for a tool's run; None when it is the tool that is running anyway."""
    label = clean_label(name)
    if ledger.is_open(ledger.current(), "tool", label):
        return None
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": label,
        "gen_ai.tool.type": "function",
    }
    if call_id:
        attributes["gen_ai.tool.call.id"] = clean_label(call_id)
    return Recognised(Opening("tool", label, f"execute_tool {label}", attributes=attributes))


def open_step(name: object, *, around: Context | None = None) -> Recognised:
    """A scope for a part of a graph; outside any agent its calls go by the part's name."""
    label = clean_label(name)
    origin = {"step": label}
    if in_no_agent(around):
        origin["agent"] = label
    attributes = {"agentgauge.step.name": label}
    return Recognised(
        Opening("step", label, f"step {label}", origin=origin, attributes=attributes), around=around
    )


def in_no_agent(context: Context | None = None) -> bool:
    """Whether calls would be unattributed there."""
    return ledger.current(context).origin.agent == UNATTRIBUTED


def inside(original: Any, opened: Callable[..., Recognised | None], framework: str) -> Any:
    """A framework's method, each call of it in the scope that `opened` makes of its arguments, if any."""

    def run(*args: Any, **kwargs: Any) -> Any:
        scope: Recognised | None = None
        with guarded(f"recognising who runs in {framework}"):
            scope = opened(*args, **kwargs) if watched(framework) else None
        return original(*args, **kwargs) if scope is None else wrap(original, lambda: scope)(*args, **kwargs)

    if not inspect.iscoroutinefunction(original):
        return functools.wraps(original)(run)

    @functools.wraps(original)
    async def run_async(*args: Any, **kwargs: Any) -> Any:
        return await run(*args, **kwargs)

    return run_async
