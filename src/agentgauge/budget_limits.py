"""The limits of a budget: what they are, and whether they are reached."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Self

from agentgauge.errors import ConfigError
from agentgauge.ledger import USD
from agentgauge.spending import Amount

if TYPE_CHECKING:
    from agentgauge.call import Origin
    from agentgauge.spending import Group

MOST = 1e15
"""No limit is larger; infinity is none."""

Per = Literal["agent", "role", "workflow", "branch"]
_GROUPS: dict[str, Group] = {
    "agent": lambda origin: origin.agent,
    "role": lambda origin: origin.role,
    "workflow": lambda origin: origin.workflow,
    "branch": lambda origin: origin.branch,
}


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget that is reached, or nearly.

    Attributes:
        limit: the budget, e.g. "0.50 USD" or "10,000 tokens".
        spent: what its scope has spent, in the same unit, and what calls under way may add.
        agent: whose call asks.
        model: the model that it asks, empty where nobody can choose another.
        whose: " of agent planner" where agents are told apart, else empty.
    """

    limit: str
    spent: str
    agent: str
    model: str
    whose: str


OnExceed = Callable[[BudgetState], str | None]
OnApproach = Callable[[BudgetState], object]


@dataclass(frozen=True, slots=True)
class Limits:
    """Nano-USD and tokens, for all together or each group apart, ever or in a window of time."""

    nanousd: int | None
    tokens: int | None
    per: str | None
    window_s: float | None
    approach: float

    @classmethod
    def checked(  # the arguments of `budget`
        cls,
        *,
        usd: object,
        tokens: object,
        per: object,
        window_s: object,
        on_exceed: object,
        approach: object,
        on_approach: object,
    ) -> Self:
        """The limits that `budget` was given.

        Raises:
            ConfigError: what was given means nothing; the message names it.
        """
        if usd is None and tokens is None:
            raise ConfigError("budget() needs a limit: budget(usd=0.50) or budget(tokens=10_000).")
        for name, limit in (("usd", usd), ("tokens", tokens), ("window_s", window_s)):
            if limit is not None and not _is_limit(limit):
                raise ConfigError(f"budget: {name} must be a number of more than zero, not {limit!r}.")
        if per is not None and per not in _GROUPS:
            raise ConfigError(f"budget: per must be None, {', '.join(map(repr, _GROUPS))}, not {per!r}.")
        if on_exceed not in ("raise", "warn") and not callable(on_exceed):
            raise ConfigError(f'budget: on_exceed must be "raise", "warn" or a function, not {on_exceed!r}.')
        if not _is_limit(approach) or approach > 1:  # type: ignore[operator]  # a number
            raise ConfigError(f"budget: approach must be more than 0 and at most 1, not {approach!r}.")
        if on_approach is not None and not callable(on_approach):
            raise ConfigError(f"budget: on_approach must be a function, not {on_approach!r}.")
        return cls(
            nanousd=max(1, round(usd * USD)) if usd is not None else None,  # type: ignore[operator]
            tokens=tokens,  # type: ignore[arg-type]  # checked above
            per=per,
            window_s=float(window_s) if window_s is not None else None,  # type: ignore[arg-type]
            approach=float(approach),  # type: ignore[arg-type]
        )

    @property
    def group(self) -> Group | None:
        """What calls are told apart by."""
        return _GROUPS[self.per] if self.per else None

    def reached(
        self, spent: Amount, reserved: Amount, *, group: Hashable, model: str, origin: Origin
    ) -> BudgetState | None:
        """The first limit that is spent, or may be by what is under way; None when a call may leave."""
        return self._state(spent, reserved, 1.0, group=group, model=model, origin=origin)

    def near(self, spent: Amount, *, group: Hashable, origin: Origin) -> BudgetState | None:
        """The first limit that is nearly spent."""
        return self._state(spent, Amount(), self.approach, group=group, model="", origin=origin)

    def _state(  # what it is, and for whom
        self,
        spent: Amount,
        reserved: Amount,
        part: float,
        *,
        group: Hashable,
        model: str,
        origin: Origin,
    ) -> BudgetState | None:
        whole = spent + reserved
        whose = f" of {self.per} {group}" if self.per else ""
        for limit, used, shown in (
            (self.nanousd, whole.nanousd, _usd),
            (self.tokens, whole.tokens, _tokens),
        ):
            if limit is not None and used >= limit * part:
                own = spent.nanousd if shown is _usd else spent.tokens
                told = shown(own)
                if used > own:
                    told += f", and up to {shown(used - own)} by calls under way"
                return BudgetState(shown(limit), told, origin.agent, model, whose)
        return None


def _is_limit(limit: object) -> bool:
    if isinstance(limit, Decimal) and not limit.is_finite():
        return False
    return isinstance(limit, int | float | Decimal) and not isinstance(limit, bool) and 0 < limit <= MOST


def _usd(nanousd: int) -> str:
    return f"{nanousd / USD:.6g} USD"


def _tokens(count: int) -> str:
    return f"{count:,} tokens"
