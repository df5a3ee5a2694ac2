"""Limits on what a scope may spend, checked before a call leaves."""

from __future__ import annotations

import functools
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Self, cast

from opentelemetry import context as otel_context

from agentgauge import ledger
from agentgauge.errors import BudgetExceeded, ConfigError
from agentgauge.guard import warn_once
from agentgauge.ledger import USD, Account
from agentgauge.scopes.wrap import F, wrap

if TYPE_CHECKING:
    from contextvars import Token
    from types import TracebackType

    from opentelemetry.context import Context

    from agentgauge.ledger import Usage

MOST = 1e15
"""No limit is larger; infinity is none."""


class budget:  # noqa: N801  # used like a function: `with budget(usd=0.5)`, `@budget(tokens=10_000)`
    """Stops calls, before they leave, once what is inside has spent a limit.

    Args:
        usd: US dollars; calls without a price do not count towards it.
        tokens: input + output tokens.
        per: None for all inside together, "agent" for each agent apart.
        on_exceed: "raise" raises `BudgetExceeded`, "warn" logs once and lets calls go.

    Raises:
        ConfigError: no limit is given, or one that is not positive.
        BudgetExceeded: from the client's own call, when it may not leave. Calls that are under way when
            the limit is reached are not stopped.
    """

    def __init__(
        self,
        *,
        usd: float | None = None,
        tokens: int | None = None,
        per: Literal["agent"] | None = None,
        on_exceed: Literal["raise", "warn"] = "raise",
    ) -> None:
        if usd is None and tokens is None:
            raise ConfigError("budget() needs a limit: budget(usd=0.50) or budget(tokens=10_000).")
        _check(usd=usd, tokens=tokens, per=per, on_exceed=on_exceed)
        self._nanousd = max(1, round(usd * USD)) if usd is not None else None
        self._tokens = tokens
        self._per = per
        self._on_exceed = on_exceed
        self._entered: list[_Spending] = []

    def __enter__(self) -> Self:
        spending = _Spending(self)
        self._entered.append(spending)
        spending.attach()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        spending = self._innermost()
        self._entered.remove(spending)
        spending.detach()
        spending.end()

    def _innermost(self) -> _Spending:
        """The one to leave: the running thread's or task's own, when several have entered."""
        open_here = list(ledger.current().chain())
        mine = [spending for spending in self._entered if spending.account in open_here]
        return (mine or self._entered)[-1]

    def __call__(self, function: F) -> F:
        """The function with a budget of its own at each call."""
        return cast("F", wrap(function, functools.partial(_Spending, self)))

    def check(self, account: Account, *, agent: str) -> None:
        """Raises, or warns, when `account` has spent the limit."""
        usage = account.usage()
        spent = usage.by_agent[agent] if self._per == "agent" else usage
        whose = f" of agent {agent}" if self._per == "agent" else ""
        for limit, used in self._limits(spent):
            message = f"The budget{whose} of {limit} is spent ({used}); the call was not sent."
            if self._on_exceed == "raise":
                raise BudgetExceeded(message, limit=limit, spent=used)
            # Without the amount, which is another at every call: this is said once.
            warn_once("budget", f"The budget{whose} of {limit} is spent; calls go on.")

    def _limits(self, spent: Usage) -> list[tuple[str, str]]:
        """Each limit that is reached, with what was spent, in words."""
        reached = []
        if self._nanousd is not None and (spent.cost_nanousd or 0) >= self._nanousd:
            reached.append((f"{self._nanousd / USD:.6g} USD", f"{(spent.cost_nanousd or 0) / USD:.6g} USD"))
        if self._tokens is not None and spent.total_tokens >= self._tokens:
            reached.append((f"{self._tokens:,} tokens", f"{spent.total_tokens:,} tokens"))
        return reached


def _check(*, usd: object, tokens: object, per: object, on_exceed: object) -> None:
    for name, limit in (("usd", usd), ("tokens", tokens)):
        if limit is not None and not _is_limit(limit):
            raise ConfigError(f"budget: {name} must be a number of more than zero, not {limit!r}.")
    if per not in (None, "agent"):
        raise ConfigError(f'budget: per must be None or "agent", not {per!r}.')
    if on_exceed not in ("raise", "warn"):
        raise ConfigError(f'budget: on_exceed must be "raise" or "warn", not {on_exceed!r}.')


def _is_limit(limit: object) -> bool:
    return isinstance(limit, int | float | Decimal) and not isinstance(limit, bool) and 0 < limit <= MOST


class _Spending:
    """One run inside a budget: the account that it is checked against."""

    def __init__(self, owner: budget) -> None:
        parent = ledger.current()
        self.account = Account(parent=parent, origin=parent.origin, owner=owner)
        self._attached: list[Token[Context]] = []

    def attach(self) -> None:
        self._attached.append(otel_context.attach(ledger.with_account(self.account)))

    def detach(self) -> None:
        # In another context, where a generator may be closed, there is nothing to undo.
        with suppress(ValueError, RuntimeError):
            otel_context._RUNTIME_CONTEXT.detach(self._attached.pop())  # noqa: SLF001  # the public one logs

    def end(self, error: BaseException | None = None) -> None:  # noqa: ARG002  # as a scope is ended
        self.account.ended = True


def check_budgets(account: Account) -> None:
    """Asks every budget above a call that is about to leave.

    Raises:
        BudgetExceeded: one of them is spent.
    """
    for above in account.chain():
        if isinstance(above.owner, budget) and not above.ended:
            above.owner.check(above, agent=account.origin.agent)
