"""What a source makes of a span that has ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentgauge.call import Call
    from agentgauge.pipeline.records import Content

ProviderOf = Callable[[str | None, int | None, str], str | None]
"""(host, port, path) -> provider name, None when it is not known."""


@dataclass(frozen=True, slots=True)
class Poll:
    """An answer about a background response that an earlier call started."""

    response_id: str
    answer: Mapping[str, Any]
    at_ns: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A call, or nothing when the request is none; a poll that may complete an earlier call.

    Attributes:
        waits_for: id of a background response whose usage is known only later.
        complete: makes the reading of such a call from the answer of a poll.
        told_nanousd: what the server says that it billed.
        foreign: the span tells of no call of its own; it is kept as any other instrumentation's.
        problems: what was wrong with what the server sent, in plain words without content.
    """

    call: Call | None = None
    content: Content | None = None
    waits_for: str | None = None
    complete: Callable[[Poll], Reading] | None = None
    poll: Poll | None = None
    told_nanousd: int | None = None
    foreign: bool = False
    problems: tuple[str, ...] = ()
