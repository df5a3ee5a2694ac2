"""CrewAI: the methods by which an agent takes a task, or is kicked off, and those that run a tool.

Its event bus tells the same, but in threads of its own, from where nothing can be put round the run.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from agentgauge.frameworks.opened import Recognised, inside, open_agent, open_tool

if TYPE_CHECKING:
    from types import ModuleType

NAME = "crewai"
MODULE = "crewai"
_AGENTS = ("execute_task", "aexecute_task", "kickoff", "kickoff_async", "akickoff")
_TOOLS = (
    ("crewai.tools.base_tool", "BaseTool", ("run", "arun")),
    ("crewai.tools.base_tool", "Tool", ("run", "arun")),
    ("crewai.tools.structured_tool", "CrewStructuredTool", ("invoke", "ainvoke")),
)


def watch(module: ModuleType) -> None:
    """Puts a scope round each task of an agent, and each tool."""
    _wrap(module.Agent, _AGENTS, _agent)
    for place, name, methods in _TOOLS:
        _wrap(getattr(importlib.import_module(place), name), methods, _tool)


def _wrap(owner: Any, methods: tuple[str, ...], opened: Any) -> None:
    for method in methods:
        if method in vars(owner):
            setattr(owner, method, inside(vars(owner)[method], opened, NAME))


def _agent(agent: Any, *_: Any, **__: Any) -> Recognised | None:
    return open_agent(agent.role)


def _tool(tool: Any, *_: Any, **__: Any) -> Recognised | None:
    return open_tool(tool.name)
