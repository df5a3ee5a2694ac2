"""What an agent that works in iterations reads about itself, and hears after every call."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from agentgauge.pipeline import events
from agentgauge.scopes.scope import current

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from agentgauge.call import Call
    from agentgauge.ledger import Usage
    from agentgauge.pipeline.events import CallEvent
    from agentgauge.scopes.scope import Scope


def iteration_usage(scope: Scope | None = None) -> dict[str, dict[str, int | None]]:
    """`current`, the usage of the last call, and `cumulative`, that of all calls in the scope.

    Each has `input_tokens`, `output_tokens` and `total_tokens`. A scope without calls reads zero; what a
    server did not say is None in `current`, unless it was counted here, and adds nothing to `cumulative`.

    Args:
        scope: the agent's, or one iteration's; the innermost open one when None.
    """
    chosen = scope or current()
    usage, last = chosen.usage, chosen.last_call
    zero: dict[str, int | None] = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    return {"current": zero if last is None else call_usage(last), "cumulative": summed(usage)}


def call_usage(call: Call) -> dict[str, int | None]:
    """The three numbers of one call; the total is None when neither side is known."""
    given, made = call.usage.input, call.usage.output
    total = call.total_tokens if (given, made) != (None, None) else None
    return {"input_tokens": given, "output_tokens": made, "total_tokens": total}


def summed(usage: Usage) -> dict[str, int | None]:
    """The three numbers of a scope."""
    return {name: getattr(usage, name) for name in ("input_tokens", "output_tokens", "total_tokens")}


def event_usage(event: CallEvent) -> dict[str, Any]:
    """The same two blocks for a callback's event, with model, agent and who said the numbers."""
    call = event.call
    return {
        "model": call.request.model,
        "agent": call.origin.agent,
        "source": call.usage_source.value,
        "current": call_usage(call),
        "cumulative": summed(event.cumulative),
    }


class on_call(AbstractContextManager["on_call"]):  # noqa: N801  # reads as what it does: on_call(print)
    """Calls `listener` with a `CallEvent` after every model call, until `stop()` or the end of a `with`.

    It runs in the thread in which the call ended, so what it does delays the program; an error of its own
    is logged once and goes no further. `event.as_told` is there at once, `event.call` waits for what is
    counted here.
    """

    def __init__(self, listener: Callable[[CallEvent], None]) -> None:
        self._listener = listener
        events.add(listener)

    def stop(self) -> None:
        """It hears of no more calls."""
        events.remove(self._listener)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
