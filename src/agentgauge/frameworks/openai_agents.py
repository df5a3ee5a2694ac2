"""OpenAI Agents SDK: the spans that its runner opens round each agent and each tool.

A tracing processor would hear nothing where tracing is switched off, and be thrown out by
`set_trace_processors`; the runner starts and finishes its spans in both cases, in the task that runs.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from agentgauge.frameworks.opened import Recognised, ToolError, open_agent, open_tool, watched
from agentgauge.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

NAME = "openai-agents"
MODULE = "agents.tracing.spans"
_CLASSES = ("SpanImpl", "NoOpSpan")
_OPENERS: dict[str, Callable[[object], Recognised | None]] = {"agent": open_agent, "function": open_tool}


@dataclass(slots=True)
class _Run:
    scope: Recognised
    error: BaseException | None = None


_runs: WeakKeyDictionary[Any, _Run] = WeakKeyDictionary()


def watch(module: ModuleType) -> None:
    """Hears of every span that starts, fails and finishes."""
    for name in _CLASSES:
        owner = getattr(module, name)
        for method, hook in (("start", _started), ("set_error", _failed), ("finish", _finished)):
            setattr(owner, method, _followed(vars(owner)[method], hook))


def _followed(original: Any, hook: Any) -> Any:
    """The method, and then, whatever came of it, the hook."""

    @functools.wraps(original)
    def wrapper(span: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(span, *args, **kwargs)
        finally:
            with guarded("recognising an agent of the OpenAI Agents SDK"):
                hook(span)

    return wrapper


def _started(span: Any) -> None:
    data = span.span_data
    opener = _OPENERS.get(data.type)
    if opener is None or span in _runs or not watched(NAME):
        return
    scope = opener(data.name)
    if scope is not None:
        scope.attach()
        _runs[span] = _Run(scope)


def _failed(span: Any) -> None:
    run = _runs.get(span)
    if run is not None:
        run.error = sys.exc_info()[1] or ToolError()


def _finished(span: Any) -> None:
    run = _runs.pop(span, None)
    if run is not None:
        run.scope.detach()
        run.scope.end(run.error or sys.exc_info()[1])
