"""Watches each framework that is to be recognised, once it is imported."""

from __future__ import annotations

import functools
import importlib.metadata
from typing import TYPE_CHECKING

from agentgauge.frameworks import crewai, langchain, openai_agents, pydantic_ai
from agentgauge.guard import guarded
from agentgauge.importhook import when_imported
from agentgauge.pipeline import runtime
from agentgauge.sources import names

if TYPE_CHECKING:
    from types import ModuleType

_FRAMEWORKS = {module.NAME: module for module in (openai_agents, langchain, pydantic_ai, crewai)}
_awaited: set[str] = set()


def start(wanted: tuple[str, ...]) -> None:
    """Waits for these frameworks, each once in a process; never imports one by itself.

    A hook that is in place stays there, and does nothing while its framework is not to be recognised.
    """
    for name in wanted:
        framework = _FRAMEWORKS.get(name)
        if framework is not None and name not in _awaited:
            _awaited.add(name)
            when_imported(framework.MODULE, functools.partial(_watch, name))


def _watch(name: str, module: ModuleType) -> None:
    with guarded(f"watching {name}"):
        try:
            _FRAMEWORKS[name].watch(module)
        except (AttributeError, ImportError, KeyError):
            names.without_hook.add(name)
            _say_it_is_unknown(name)


def _say_it_is_unknown(name: str) -> None:
    """Of a version that has other hooks: its calls count, on the agent that the user's code names."""
    active = runtime.active()
    if active is not None:
        active.pipeline.warn(
            "framework",
            f"The agents and tools of {name} {_version(name)} are not recognised, since it works "
            "otherwise inside than the versions known here: name them with agentgauge.agent and tool, or "
            "switch on its OpenTelemetry instrumentation.",
        )


def _version(name: str) -> str:
    package = {"langchain": "langchain-core", "pydantic-ai": "pydantic-ai-slim"}.get(name, name)
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(of unknown version)"
