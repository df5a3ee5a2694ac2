"""What a budget has seen spent, and what calls under way may still spend."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentgauge import ledger
from agentgauge.ledger import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from agentgauge.call import Call, Origin

    Group = Callable[[Origin], Hashable]
    Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Amount:
    """Tokens (input + output) and nano-USD; what has no price is 0 USD here."""

    tokens: int = 0
    nanousd: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.tokens + other.tokens, self.nanousd + other.nanousd)


def _amount(call: Call) -> Amount:
    return Amount(call.total_tokens, call.cost.nanousd if call.cost else 0)


class SpendingAccount(Account):
    """An account that also tells what was spent by group and within a time, and holds reservations.

    Args:
        parent: the account around it.
        origin: whom the calls inside belong to.
        owner: the budget.
        group: what calls are told apart by, such as their agent; all together when None.
        window_s: only what was spent in that many last seconds counts; all when None.
    """

    def __init__(
        self,
        *,
        parent: Account | None,
        origin: Origin,
        owner: object,
        group: Group | None = None,
        window_s: float | None = None,
    ) -> None:
        super().__init__(parent=parent, origin=origin, owner=owner)
        self._group = group
        self._window_s = window_s
        self._tokens: Counter[Hashable] = Counter()
        self._nanousd: Counter[Hashable] = Counter()
        self._recent: deque[tuple[float, Hashable, Amount]] = deque()
        self._added: dict[Key, tuple[Hashable, Amount]] = {}
        self._reserved: dict[Key, tuple[Hashable, Amount]] = {}

    def group_of(self, origin: Origin) -> Hashable:
        """The group that a call of this origin belongs to; None where all are one."""
        return self._group(origin) if self._group else None

    def spent(self, group: Hashable) -> Amount:
        """What calls that have ended used, as far as it is known."""
        with ledger.lock():
            self._forget_old()
            added = sum((found for whose, found in self._added.values() if whose == group), Amount())
            return Amount(self._tokens[group], self._nanousd[group]) + added

    def reserved(self, group: Hashable) -> Amount:
        """What calls that are under way may use at most."""
        with ledger.lock():
            return sum((found for whose, found in self._reserved.values() if whose == group), Amount())

    def reserve(self, key: Key, group: Hashable, most: Amount) -> None:
        """Holds an amount for a call until what it used is known."""
        with ledger.lock():
            self._reserved[key] = group, most

    def release(self, key: Key) -> None:
        """Gives back what a call had reserved."""
        with ledger.lock():
            self._reserved.pop(key, None)

    def _take(self, call: Call) -> None:
        super()._take(call)
        self._added[call.key] = self.group_of(call.origin), _amount(call)
        if call.usage.input is not None and call.usage.output is not None:
            self._reserved.pop(call.key, None)  # otherwise our count is waited for

    def _replace(self, call: Call) -> None:
        super()._replace(call)
        self._added.pop(call.key, None)
        self._reserved.pop(call.key, None)
        group, used = self.group_of(call.origin), _amount(call)
        self._count(group, used.tokens, used.nanousd)
        if self._window_s is not None:
            self._recent.append((time.monotonic(), group, used))

    def _count(self, group: Hashable, tokens: int, nanousd: int) -> None:
        self._tokens[group] += tokens
        self._nanousd[group] += nanousd

    def _forget_old(self) -> None:
        since = time.monotonic() - (self._window_s or 0)
        while self._recent and self._recent[0][0] < since:
            _, group, used = self._recent.popleft()
            self._count(group, -used.tokens, -used.nanousd)

    def forget(self) -> None:
        """Drops what is under way: after a fork it is the parent's."""
        super().forget()
        self._added.clear()
        self._reserved.clear()


def release_reserved(account: Account, key: Key) -> None:
    """Gives back what a request held, in every budget above it: it turned out to be no call."""
    for above in account.chain():
        if isinstance(above, SpendingAccount):
            above.release(key)
