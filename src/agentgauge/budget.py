"""Limits on what a scope may spend, checked before a call leaves."""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Self, cast

from opentelemetry import context as otel_context

from agentgauge import ledger
from agentgauge.budget_limits import Limits
from agentgauge.call import Origin
from agentgauge.errors import BudgetExceeded
from agentgauge.guard import guarded, warn_once
from agentgauge.scopes.wrap import F, wrap
from agentgauge.spending import SpendingAccount

if TYPE_CHECKING:
    from collections.abc import Hashable
    from contextvars import Token
    from types import TracebackType

    from opentelemetry.context import Context

    from agentgauge.budget_limits import OnApproach, OnExceed, Per
    from agentgauge.ledger import Account
    from agentgauge.spending import Amount


class budget:  # noqa: N801  # used like a function: `with budget(usd=0.5)`, `@budget(tokens=10_000)`
    """Stops calls, before they leave, once what is inside has spent a limit.

    A call leaves while less than the limit is spent. What other calls under way may use at most counts as
    well, so that many at once cannot all slip under it: the bytes of their requests as tokens, and the most
    output they ask for (4,096 tokens where they name none).

    Args:
        usd: US dollars; calls without a price do not count towards it.
        tokens: input + output tokens.
        per: None for all inside together; "agent", "role", "workflow" or "branch" for each apart.
        window_s: only what this process spent in that many last seconds counts; all of it when None.
        on_exceed: "raise" raises `BudgetExceeded`; "warn" logs once and lets calls go; a function is given a
            `BudgetState` and returns the name of another model to ask, or None to let the call go as it is;
            a `BudgetExceeded` that it raises stops the call.
        approach: the part of a limit at which it is said, once, that it comes near.
        on_approach: called with a `BudgetState` then; it is logged as well.

    Raises:
        ConfigError: no limit is given, or one that is not positive.
        BudgetExceeded: from the client's own call, when it may not leave. Calls that are under way when
            the limit is reached are not stopped.
    """

    def __init__(  # a limit, and what happens at it
        self,
        *,
        usd: float | None = None,
        tokens: int | None = None,
        per: Per | None = None,
        window_s: float | None = None,
        on_exceed: Literal["raise", "warn"] | OnExceed = "raise",
        approach: float = 0.8,
        on_approach: OnApproach | None = None,
    ) -> None:
        self._limits = Limits.checked(
            usd=usd,
            tokens=tokens,
            per=per,
            window_s=window_s,
            on_exceed=on_exceed,
            approach=approach,
            on_approach=on_approach,
        )
        self._on_exceed = on_exceed
        self._on_approach = on_approach
        self._near: set[Hashable] = set()
        self._entered: list[_Spending] = []

    def __enter__(self) -> Self:
        spending = _Spending(self)
        self._entered.append(spending)
        spending.attach()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._entered:
            return  # left twice, or never entered
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

    def account(self, parent: Account | None) -> SpendingAccount:
        """An account below another, or above all, which this budget watches."""
        return SpendingAccount(
            parent=parent,
            origin=parent.origin if parent else Origin(),
            owner=self,
            group=self._limits.group,
            window_s=self._limits.window_s,
        )

    def other_model(self, account: SpendingAccount, asked: Origin, *, model: str) -> str | None:
        """The model to ask in place of `model`, when the limit is reached and a function chooses one."""
        if not callable(self._on_exceed):
            return None
        group = account.group_of(asked)
        state = self._limits.reached(
            account.spent(group), account.reserved(group), group=group, model=model, origin=asked
        )
        chosen = self._on_exceed(state) if state is not None else None
        return chosen if isinstance(chosen, str) and chosen else None

    def reserve(self, account: SpendingAccount, asked: Origin, *, key: tuple[int, int], most: Amount) -> None:
        """Lets a call leave and holds what it may use, or raises `BudgetExceeded`."""
        group = account.group_of(asked)
        with ledger.lock():
            spent, reserved = account.spent(group), account.reserved(group)
            state = self._limits.reached(spent, reserved, group=group, model="", origin=asked)
            if state is None or self._on_exceed != "raise":
                account.reserve(key, group, most)
        if state is not None and self._on_exceed == "raise":
            message = (
                f"The budget{state.whose} of {state.limit} is spent ({state.spent}); the call was not sent."
            )
            raise BudgetExceeded(message, limit=state.limit, spent=state.spent)
        if state is not None:
            # Without the amount, which is another at every call: this is said once.
            warn_once("budget", f"The budget{state.whose} of {state.limit} is spent; calls go on.")
        else:
            self._say_if_near(spent, group=group, asked=asked)

    def _say_if_near(self, spent: Amount, *, group: Hashable, asked: Origin) -> None:
        state = self._limits.near(spent, group=group, origin=asked)
        if state is None or group in self._near:
            return
        self._near.add(group)
        warn_once("budget-near", f"The budget{state.whose} of {state.limit} is nearly spent.")
        if self._on_approach is not None:
            with guarded("telling that a budget is nearly spent"):
                self._on_approach(state)


class _Spending:
    """One run inside a budget: the account that it is checked against."""

    def __init__(self, owner: budget) -> None:
        self.account = owner.account(ledger.current())
        self._attached: list[Token[Context]] = []

    def attach(self) -> None:
        self._attached.append(otel_context.attach(ledger.with_account(self.account)))

    def detach(self) -> None:
        # In another context, where a generator may be closed, there is nothing to undo.
        with suppress(ValueError, RuntimeError):
            otel_context._RUNTIME_CONTEXT.detach(self._attached.pop())  # noqa: SLF001  # the public one logs

    def end(self, error: BaseException | None = None) -> None:  # noqa: ARG002  # as a scope is ended
        self.account.ended = True


def budgets_over(account: Account) -> list[tuple[budget, SpendingAccount]]:
    """The open budgets above a call, innermost first."""
    return [
        (above.owner, above)
        for above in account.chain()
        if isinstance(above, SpendingAccount) and isinstance(above.owner, budget) and not above.ended
    ]
