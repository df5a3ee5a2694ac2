"""LangChain and LangGraph: the callbacks that every graph, node and tool sends.

A graph's run tells its name, the runs of its nodes that it is a graph. A graph with a name of its own is an
agent; so is one of `create_agent` without, by the name of the node that it is. Nodes of other graphs are
steps. A scope is attached while a node or a tool runs and never between: a graph that is streamed gives
control back to the user's own code.
"""

from __future__ import annotations

import importlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from agentgauge.frameworks.langchain_runs import Run, Runs, node_of
from agentgauge.frameworks.opened import ToolError, in_no_agent, open_agent, open_step, open_tool, watched
from agentgauge.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from uuid import UUID

    from agentgauge.frameworks.opened import Recognised

NAME = "langchain"
MODULE = "langchain_core.tracers.context"
UNNAMED = "LangGraph"
"""What LangGraph calls a graph without a name."""

_WHAT = "recognising an agent of LangChain"
_NO_FAILURE = frozenset({"GraphBubbleUp"})
"""By what derives from it a graph is interrupted, or hands over to another."""


def watch(module: ModuleType) -> None:
    """Adds a handler to every callback manager, by the door that tracers use."""
    base: Any = importlib.import_module("langchain_core.callbacks.base")
    handler = type("AgentgaugeHandler", (_Heard, base.BaseCallbackHandler), {})()
    # A default is there in every thread and task; nobody has to set it.
    variable: ContextVar[Any] = ContextVar("agentgauge_handler", default=handler)
    module.register_configure_hook(variable, inheritable=True)


class _Heard:
    """The events that say who is running; handlers of LangChain have these methods."""

    run_inline = True  # in the task that runs, also where the other handlers go into a thread
    raise_error = False
    ignore_llm = ignore_chat_model = ignore_retriever = ignore_retry = ignore_custom_event = True

    def __init__(self) -> None:
        super().__init__()
        self._runs = Runs()

    def __deepcopy__(self, _: object) -> _Heard:
        return self  # one handler, wherever a configuration with its callbacks is copied to

    def on_chain_start(
        self,
        serialized: object,  # noqa: ARG002  # the interface is LangChain's
        inputs: object,  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: Mapping[str, Any] | None = None,
        name: str | None = None,
        **_: object,
    ) -> None:
        """A graph, a node, or something else that nobody asks about."""
        with guarded(_WHAT):
            if not watched(NAME):
                return
            told = metadata or {}
            run = self._runs.start(run_id, parent_run_id, name or "", told)
            if (node := node_of(run)) is not None and run.parent is not None:
                self._enter(run, run.parent, node)

    def on_chain_end(self, outputs: object, *, run_id: UUID, **_: object) -> None:  # noqa: ARG002
        """A run has ended well."""
        with guarded(_WHAT):
            self._runs.end(run_id)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **_: object) -> None:
        """A run has failed, or was left."""
        with guarded(_WHAT):
            self._runs.end(run_id, error)

    def on_tool_start(
        self,
        serialized: Mapping[str, Any] | None,
        input_str: object,  # noqa: ARG002
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        name: str | None = None,
        tool_call_id: str | None = None,
        **_: object,
    ) -> None:
        """A tool runs."""
        with guarded(_WHAT):
            if not watched(NAME):
                return
            named = (serialized or {}).get("name") or name or "tool"
            run = self._runs.start(run_id, parent_run_id, named, {})
            run.attach(_known(open_tool(named, call_id=tool_call_id)), own=True)

    def on_tool_end(self, output: Any, *, run_id: UUID, **_: object) -> None:
        """A tool has answered, perhaps with an error that LangChain made an answer of."""
        with guarded(_WHAT):
            self._runs.end(run_id, ToolError() if getattr(output, "status", None) == "error" else None)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **_: object) -> None:
        """A tool has failed."""
        with guarded(_WHAT):
            self._runs.end(run_id, error)

    def on_interrupt(self, event: object) -> None:
        """Some versions of LangGraph send this to every handler, and log who does not take it."""

    def on_resume(self, event: object) -> None:
        """As `on_interrupt`."""

    def _enter(self, run: Run, graph: Run, node: str) -> None:
        with self._runs.lock:  # nodes that run at the same time open their graph's agent once
            if not graph.is_graph:
                graph.is_graph = True
                graph.scope = _agent_of(graph)
        around = graph.scope.context if graph.scope is not None else graph.around
        if graph.prebuilt:
            run.attach(graph.scope, own=False)
        else:
            run.attach(_known(open_step(node, around=around)), own=True)


def _agent_of(graph: Run) -> Recognised | None:
    """The agent that a graph's run is; None where it has no name, or goes by that of the agent around it."""
    name = graph.agent_name or graph.name
    if name == UNNAMED:
        holder = graph.parent
        if not graph.prebuilt:
            return None
        if holder is not None and (node := node_of(holder)) is not None and not holder.prebuilt:
            name = node
        elif not in_no_agent(graph.around):
            return None
    return _known(open_agent(name, around=graph.around))


def _known(scope: Recognised | None) -> Recognised | None:
    if scope is not None:
        scope.no_failure = _NO_FAILURE
    return scope
