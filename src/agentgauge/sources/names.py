"""Reads who runs from the spans of frameworks: agents and tools, in OpenInference's and GenAI's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentgauge.labels import clean_label
from agentgauge.pipeline.foreign import Named

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from agentgauge.pipeline.foreign import Kind

_OPERATIONS: dict[str, Kind] = {"invoke_agent": "agent", "execute_tool": "tool"}
_KINDS: dict[str, Kind] = {"AGENT": "agent", "TOOL": "tool", "agent": "agent", "tool": "tool"}
_NAMES: dict[Kind, tuple[str, ...]] = {
    "agent": ("gen_ai.agent.name", "agent.name", "graph.node.id", "traceloop.entity.name"),
    "tool": ("gen_ai.tool.name", "tool.name", "traceloop.entity.name"),
}
_SPAN_NAME = re.compile(r"(?:invoke_agent|execute_tool)\s+(.+)", re.DOTALL)
_METHOD = re.compile(r"\.(?:run|arun|call|kickoff|_execute_core|__call__)$")
# Of what instruments a framework that has a hook here; both would tell of the same runs.
_INSTRUMENTATIONS = {
    "openinference.instrumentation.openai_agents": "openai-agents",
    "opentelemetry.instrumentation.openai_agents": "openai-agents",
    "openinference.instrumentation.langchain": "langchain",
    "opentelemetry.instrumentation.langchain": "langchain",
    "pydantic-ai": "pydantic-ai",
    "openinference.instrumentation.crewai": "crewai",
    "opentelemetry.instrumentation.crewai": "crewai",
}

without_hook: set[str] = set()
"""Frameworks of this process whose version has other hooks than are known here: their spans are read."""


class Names:
    """What spans say of agents and tools, save those of frameworks that are recognised by a hook."""

    def __init__(self, frameworks: tuple[str, ...]) -> None:
        self._frameworks = frameworks

    def __call__(self, span: ReadableSpan) -> Named | None:
        """The agent or tool whose run the span is."""
        scope = span.instrumentation_scope
        hooked = _INSTRUMENTATIONS.get(scope.name) if scope is not None else None
        if "spans" not in self._frameworks or (hooked in self._frameworks and hooked not in without_hook):
            return None
        kind = _kind_of(span)
        return Named(kind, _name_of(span, kind)) if kind is not None else None


def _kind_of(span: ReadableSpan) -> Kind | None:
    told = _value(span, "gen_ai.operation.name")
    if isinstance(told, str):
        return _OPERATIONS.get(told)
    for name in ("openinference.span.kind", "traceloop.span.kind"):
        kind = _value(span, name)
        if isinstance(kind, str):
            return _KINDS.get(kind)
    # Some instrumentations give their attributes later, but the name at once.
    name = str(span.name)  # which nobody checks
    return _OPERATIONS.get(name.split(" ", 1)[0]) if " " in name else None


def _name_of(span: ReadableSpan, kind: Kind) -> str:
    told = (_value(span, name) for name in _NAMES[kind])
    named = next((name for name in told if isinstance(name, str) and name), None)
    if named is None:
        in_name = _SPAN_NAME.fullmatch(span.name)
        named = in_name[1] if in_name is not None else _METHOD.sub("", span.name)
    return clean_label(named)


def _value(span: ReadableSpan, name: str) -> Any:
    return (span.attributes or {}).get(name)
