"""What the worker is handed: a finished call, scope or foreign span, free of OpenTelemetry's objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentgauge.call import Call, Origin
    from agentgauge.ledger import Account
    from agentgauge.pipeline.events import CallEvent


@dataclass(frozen=True, slots=True)
class Content:
    """What was said in one call. It is read for counting and then dropped; it never leaves the process."""

    body: bytes | None
    answers: Sequence[Mapping[str, Any]]

    @property
    def size(self) -> int:
        """Roughly the bytes held while the call waits to be counted."""
        return len(self.body or b"") + 256 * len(self.answers)


@dataclass(frozen=True, slots=True)
class Noted:
    """A warning for the report of this run: its kind, and what to do about it in plain words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """A call that has ended, on its way to being counted."""

    call: Call
    account: Account
    content: Content | None
    event: CallEvent | None = None


@dataclass(frozen=True, slots=True)
class FinishedScope:
    """A workflow, agent, step, tool or branch that has ended.

    `details` is what the scope itself noted: step numbers, plan, files, templates, routes. `forward`:
    it goes to the user's processors too, which do not have it yet.
    """

    trace_id: int
    span_id: int
    parent_span_id: int | None
    kind: str
    name: str
    span_name: str
    start_ns: int
    end_ns: int
    origin: Origin
    status: str
    error_type: str | None
    account: Account
    sampled: bool = True
    attributes: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[tuple[str, int, Mapping[str, Any]]] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    forward: bool = True


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """A span as it will be sent: plain values that survive JSON."""

    trace_id: int
    span_id: int
    parent_span_id: int | None
    name: str
    kind: str
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Any]
    events: Sequence[tuple[str, int, Mapping[str, Any]]] = ()
    error: bool = False
    sampled: bool = True
    scope_name: str = "agentgauge"
    scope_version: str = ""
    links: Sequence[tuple[int, int]] = ()
