"""Every error that agentgauge raises on purpose."""

from __future__ import annotations


class AgentgaugeError(Exception):
    """Root of them all: says what was wrong, where, and what to do next."""


class ConfigError(AgentgaugeError):
    """A setting that cannot be used; names the setting and what it accepts."""


class StoreError(AgentgaugeError):
    """The SQLite store could not be read or written; names the file."""


class BudgetExceeded(AgentgaugeError):  # noqa: N818  # the public name, as users will read it in a traceback
    """Raised before a call leaves that a budget does not allow.

    Attributes:
        limit: the budget, e.g. "0.50 USD" or "10,000 tokens".
        spent: what its scope had spent, in the same unit.
    """

    def __init__(self, message: str, *, limit: str, spent: str) -> None:
        super().__init__(message)
        self.limit = limit
        self.spent = spent
