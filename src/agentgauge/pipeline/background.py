"""Calls whose usage is known only later: background responses, completed by a poll."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentgauge.ledger import Account
    from agentgauge.pipeline.reading import Reading

MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that was accepted and has no usage yet."""

    reading: Reading
    account: Account

    def without_content(self) -> Waiting:
        """As it is when its usage never came: nobody knows how far it got, so nothing is counted here."""
        return replace(self, reading=replace(self.reading, content=None))


class BackgroundCalls:
    """Calls that wait for their usage, by response id; each is given out once."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """After a fork they are the parent's."""
        self._lock = threading.RLock()
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()

    def hold(self, response_id: str, waiting: Waiting) -> Waiting | None:
        """Keeps a call; when too many wait, the oldest is returned and goes on without usage."""
        with self._lock:
            self._waiting[response_id] = waiting
            if len(self._waiting) > MOST_WAITING:
                return self._waiting.popitem(last=False)[1]
        return None

    def take(self, response_id: str) -> Waiting | None:
        """The call of a response, the first time it is asked for."""
        with self._lock:
            return self._waiting.pop(response_id, None)

    def take_all(self) -> list[Waiting]:
        """All that still wait, at shutdown."""
        with self._lock:
            found, self._waiting = list(self._waiting.values()), OrderedDict()
        return found
