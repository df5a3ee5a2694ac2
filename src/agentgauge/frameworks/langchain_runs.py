"""The runs of LangChain that are under way, as its callbacks tell of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextvars import Token
    from uuid import UUID

    from opentelemetry.context import Context

    from agentgauge.frameworks.opened import Recognised
    from agentgauge.ledger import Placement

MOST_RUNS = 100_000
"""Runs whose end was never told are forgotten past this number, the oldest first."""


class Run:
    """One run, from its start to its end.

    `place` is where in the nested graphs it runs, `around` the context in which it started, `prebuilt`
    whether it belongs to a graph of `create_agent`; `is_graph` becomes true with the first of its nodes.
    """

    __slots__ = ("_own", "_placed", "_token", "agent_name", "around", "is_graph", "name", "node", "parent",
                 "place", "prebuilt", "scope", "told_name")  # fmt: skip

    def __init__(self, name: str, parent: Run | None, metadata: Mapping[str, Any]) -> None:
        self.name, self.parent = name, parent
        self.node: Any = metadata.get("langgraph_node")
        self.place: Any = metadata.get("langgraph_checkpoint_ns")
        self.prebuilt = metadata.get("ls_integration") == "langchain_create_agent"
        self.told_name: Any = metadata.get("lc_agent_name")
        # Metadata are handed down, so that only a name which changes here is this run's own.
        self.agent_name = self.told_name if parent is None or parent.told_name != self.told_name else None
        self.around: Context = otel_context.get_current()
        self.is_graph = False
        self.scope: Recognised | None = None
        self._own = False
        self._placed: Placement | None = None
        self._token: Token[Context] | None = None

    def attach(self, scope: Recognised | None, *, own: bool) -> None:
        """Makes a scope the innermost one until this run ends; `own`: and ends it then."""
        if scope is not None:
            self.scope, self._own = scope, own
            self._placed = scope.place()
            assert self._placed.context is not None
            self._token = otel_context.attach(self._placed.context)

    def end(self, error: BaseException | None) -> None:
        """Leaves the scope that was attached, and ends its own or its graph's."""
        if self._token is not None:
            if self._placed is not None:
                self._placed.left = True  # LangGraph tells of a node's end in another task
            with suppress(ValueError, RuntimeError):  # closed elsewhere: there is nothing to leave
                otel_context._RUNTIME_CONTEXT.detach(self._token)  # noqa: SLF001
            self._token = None
        if self.scope is not None and (self._own or self.is_graph):
            self.scope.end(error)


def node_of(run: Run) -> str | None:
    """The node whose run this is; None for a graph, and for what runs inside a node."""
    same_place = run.parent is not None and run.parent.place == run.place
    return run.node if isinstance(run.node, str) and run.node == run.name and not same_place else None


class Runs:
    """The runs under way by their id."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._runs: OrderedDict[UUID, Run] = OrderedDict()

    def start(self, run_id: UUID, parent_id: UUID | None, name: str, metadata: Mapping[str, Any]) -> Run:
        """Notes a run that starts."""
        with self.lock:
            parent = self._runs.get(parent_id) if parent_id is not None else None
            run = self._runs[run_id] = Run(name, parent, metadata)
            if len(self._runs) > MOST_RUNS:
                self._runs.popitem(last=False)
        return run

    def end(self, run_id: UUID, error: BaseException | None = None) -> None:
        """Takes out a run that has ended; when it failed, with all inside of which no end was told."""
        with self.lock:
            run = self._runs.pop(run_id, None)
            left = [i for i, other in self._runs.items() if other.parent is run] if run and error else []
        for inner in left:
            self.end(inner, error)
        if run is not None:
            run.end(error)
