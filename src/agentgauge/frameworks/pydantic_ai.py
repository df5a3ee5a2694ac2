"""pydantic-ai: the two hooks that every run and every tool of an agent passes.

Its own instrumentation stays as the user has it: switched on by us, it would also put names into the
baggage of outgoing requests and write metrics. What `wrap_run` attaches, pydantic-ai itself carries over to
the task that runs the agent.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from agentgauge.frameworks.opened import Recognised, in_no_agent, inside, open_agent, open_tool

if TYPE_CHECKING:
    from types import ModuleType

NAME = "pydantic-ai"
MODULE = "pydantic_ai"
UNNAMED = "agent"
"""What pydantic-ai calls an agent without a name."""

_PUT_OFF = frozenset({"ApprovalRequired", "CallDeferred", "SkipToolExecution"})


def watch(_: ModuleType) -> None:
    """Puts a scope round each run and each tool."""
    owner: Any = importlib.import_module("pydantic_ai.capabilities").CombinedCapability
    owner.wrap_run = inside(owner.wrap_run, _agent, NAME)
    owner.wrap_tool_execute = inside(owner.wrap_tool_execute, _tool, NAME)


def _agent(_: Any, ctx: Any, **__: Any) -> Recognised | None:
    name = getattr(ctx.agent, "name", None) or UNNAMED
    if name == UNNAMED and not in_no_agent():
        return None
    return open_agent(name)


def _tool(_: Any, __: Any, *, call: Any, **___: Any) -> Recognised | None:
    scope = open_tool(call.tool_name, call_id=call.tool_call_id)
    if scope is not None:
        scope.no_failure = _PUT_OFF
    return scope
