"""What streams that are under way have used so far: an estimate, beside the sums of calls that have ended.

It is made when somebody reads it, from what has come of a stream since it was last read. Once a stream has
ended it is gone from here, and its final numbers are in the sums: no token is ever in both.
"""

from __future__ import annotations

import json
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentgauge import pricing
from agentgauge.call import Call, Request, TokenUsage
from agentgauge.guard import guarded
from agentgauge.pipeline import runtime
from agentgauge.totals import Running

if TYPE_CHECKING:
    from agentgauge.ledger import Account, Usage
    from agentgauge.pipeline.exchange import Exchange, OpenCall
    from agentgauge.pipeline.runtime import Runtime

_GIVEN, _MADE = ("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")


def usage_of(account: Account) -> Usage:
    """The sums of an account at this moment, and what runs in it."""
    usage = account.usage()
    active = runtime.active()
    if active is not None:
        with guarded("estimating streams under way"):
            for opened in active.pipeline.open_calls.streams():
                if account in opened.account.chain():
                    usage.running += _estimate(opened, active)
    return usage


@dataclass(slots=True)
class _Progress:
    """How far a stream has been looked at; `told` is what its server has said on the way, if it does."""

    given: int
    made: int = 0
    seen: int = 0
    told: tuple[int, int] | None = None


_lock = threading.Lock()
_progress: weakref.WeakKeyDictionary[OpenCall, _Progress] = weakref.WeakKeyDictionary()


def _estimate(opened: OpenCall, active: Runtime) -> Running:
    exchange = opened.exchange
    with _lock:
        progress = _progress.get(opened)
        if progress is None:
            progress = _progress[opened] = _Progress(_count(exchange, request=_body(exchange.body)))
        new = exchange.answers[progress.seen :]
        progress.seen += len(new)
        if new:
            progress.made += _count(exchange, answers=tuple(new))
        for answer in (*new, exchange.hidden):
            progress.told = _told(answer) or progress.told
        given, made = progress.told or (progress.given, progress.made)
    now = time.time_ns()
    provider = pricing.provider_of(
        exchange.host, exchange.port, exchange.path or "", providers=active.settings.providers
    )
    call = Call(0, 0, None, now, now, Request("chat", exchange.model or "unknown", provider))
    price = active.pipeline.prices.price_of(call)
    cost = pricing.cost_of(TokenUsage(given, made), price).nanousd if price is not None else None
    return Running(1, given, made, cost)


def _count(exchange: Exchange, *, request: Any = None, answers: tuple[Mapping[str, Any], ...] = ()) -> int:
    from agentgauge import tokens  # noqa: PLC0415  # loads a vocabulary

    path = exchange.path or ""
    completion = path.endswith("/completions") and not path.endswith("/chat/completions")
    counted = tokens.count_exchange(
        operation="text_completion" if completion else "chat",
        model=exchange.model or "unknown",
        request=request,
        answers=answers,
    )
    return counted.input_tokens + counted.output_tokens


def _told(answer: Mapping[str, Any] | None) -> tuple[int, int] | None:
    """Tokens that a chunk says were used so far."""
    if answer is None:
        return None
    response = answer.get("response")
    usage = answer.get("usage") or (response.get("usage") if isinstance(response, Mapping) else None)
    if not isinstance(usage, Mapping):
        return None
    numbers = [next((usage[n] for n in names if n in usage), None) for names in (_GIVEN, _MADE)]
    given, made = numbers
    if not isinstance(given, int) or not isinstance(made, int) or min(given, made) < 0:
        return None
    return given, made


def _body(body: bytes | None) -> Mapping[str, Any] | None:
    try:
        parsed = json.loads(body or b"null")
    except ValueError:
        return None
    return parsed if isinstance(parsed, Mapping) else None
