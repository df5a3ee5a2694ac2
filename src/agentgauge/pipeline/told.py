"""The requests that were told of lately, so that none counts twice."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentgauge.call import Call

MOST = 2048


class Told:
    """The last calls of a process."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=MOST)

    def note(self, call: Call) -> None:
        """A call was recorded."""
        self._calls.append(call)

    def includes(self, call: Call) -> bool:
        """Whether the same request was recorded: the same answer, or the same tokens at the same time.

        For frameworks whose spans have the client's not inside, since they keep contexts of their own.
        """
        return any(_same(call, told) for told in list(self._calls))


def _same(call: Call, told: Call) -> bool:
    if call.response.id is not None and told.response.id is not None:
        return call.response.id == told.response.id
    ours, theirs = call.usage, told.usage
    at_once = told.start_ns <= call.end_ns and told.end_ns >= call.start_ns
    return at_once and (ours.input, ours.output) == (theirs.input, theirs.output)
