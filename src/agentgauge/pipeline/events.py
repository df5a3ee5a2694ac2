"""Who wants to hear of every call as it ends."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentgauge.guard import guarded
from agentgauge.pipeline.running import usage_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentgauge.call import Call
    from agentgauge.ledger import Account, Usage

COUNT_WAIT_S = 2.0
"""How long reading an event's `call` waits for its tools, estimates and characters."""


@dataclass(slots=True, eq=False)
class CallEvent:
    """A call that has just ended, as a callback gets it.

    Attributes:
        as_told: the call with what the server said; read `call` for what is counted here as well.
    """

    as_told: Call
    _account: Account
    _counted: Call | None = None
    _done: threading.Event = field(default_factory=threading.Event)

    @property
    def call(self) -> Call:
        """The call with its final numbers; as it was told when counting takes longer than 2 s."""
        self._done.wait(COUNT_WAIT_S)
        return self._counted or self.as_told

    @property
    def cumulative(self) -> Usage:
        """What the innermost scope of the call has used so far, this call included, and what still runs."""
        return usage_of(self._account)

    def counted(self, call: Call) -> None:
        """The final numbers are there."""
        self._counted = call
        self._done.set()


_listeners: list[Callable[[CallEvent], None]] = []


def add(listener: Callable[[CallEvent], None]) -> None:
    """From now on `listener` hears of every call, in the thread in which the call ends."""
    _listeners.append(listener)


def remove(listener: Callable[[CallEvent], None]) -> None:
    """It hears of no more calls."""
    if listener in _listeners:
        _listeners.remove(listener)


def event_of(call: Call, account: Account) -> CallEvent | None:
    """The event of a call; None when nobody wants one."""
    return CallEvent(call, account) if _listeners else None


def tell(event: CallEvent | None) -> None:
    """Tells all listeners; an error of theirs is logged once and reaches nobody."""
    if event is not None:
        for listener in _listeners:
            with guarded("telling a callback of a call"):
                listener(event)
