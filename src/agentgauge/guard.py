"""The one guard between agentgauge and the user's program: an error inside us never reaches it."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from agentgauge.errors import AgentgaugeError

if TYPE_CHECKING:
    from types import TracebackType

logger = logging.getLogger("agentgauge")


class _OnlyLoss(logging.Handler):
    """Keeps warnings of ours off the stderr of a program that configured no logging, but for lost data.

    Without any handler all of them would be printed by Python's last resort. Most are in the report as
    well; of calls that could not be stored nothing else would ever tell.
    """

    def emit(self, record: logging.LogRecord) -> None:
        configured = logging.root.handlers or logger.handlers != [self]
        if getattr(record, "agentgauge_lost", False) and not configured and logging.lastResort:
            logging.lastResort.handle(record)


logger.addHandler(_OnlyLoss(logging.WARNING))

failures: Counter[str] = Counter()
"""How often each part failed inside, by cause."""

reraise = False
"""Tests set this, so that no error of ours hides behind the guard."""

_said: set[str] = set()


def warn_once(code: str, message: str, *, lost: bool = False) -> bool:
    """Logs a warning the first time its code and message come up; True when it was logged.

    `lost`: data of the program is lost, which is said even where nobody configured logging.
    """
    key = f"{code}:{message}"
    if key in _said:
        return False
    _said.add(key)
    logger.warning("%s", message, extra={"agentgauge_lost": lost})
    return True


class guarded:  # noqa: N801  # reads as a verb: `with guarded("counting")`
    """Swallows, counts and logs once per cause whatever goes wrong while doing `what`.

    `AgentgaugeError` passes: it is raised on purpose, by a budget. So does what ends a program.
    """

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception) or isinstance(error, AgentgaugeError):
            return False
        cause = f"{self._what}: {type(error).__name__}"
        failures[cause] += 1
        if cause not in _said:
            _said.add(cause)
            # The message of a foreign error can carry content, so only its type is logged.
            logger.warning("agentgauge failed while %s; your program is not affected.", cause)
            logger.debug("the failure in full", exc_info=(type(error), error, trace))
        return not reraise
