"""Each tool's tokens and money in one call."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from agentgauge.call import ToolUse
from agentgauge.pricing import Rates, split_input
from agentgauge.tokens.counted import Kind
from agentgauge.tokens.history import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agentgauge.call import Cost, TokenUsage
    from agentgauge.pricing import Price
    from agentgauge.tokens.fitting import Fitted

MOST_TOOLS = 64
LONGEST_NAME = 64
_NOT_SHOWN = {"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"}
_PART = {
    Kind.DEFINITION: "definition",
    Kind.RESULT_NEW: "new_result",
    Kind.RESULT_CARRIED: "carried_result",
    Kind.CALL_CARRIED: "carried_call",
}
_CALL = "call"
_PARTS = (*_PART.values(), _CALL)
_FREE = Rates(0, 0, 0, 0, 0, 0)

_Sums = dict[tuple[str, str], int]  # by tool and part


def attribute(
    fitted: Fitted, *, usage: TokenUsage, cost: Cost | None, price: Price | None
) -> tuple[ToolUse, ...]:
    """One `ToolUse` per tool, in order of appearance; past 64 the rest are `other`.

    Cached tokens are the front of the prompt, so what lies there is priced at the rate that was paid for it.
    Money is rounded down, part by part, and never adds up to more than its side of the cost.
    """
    names = _names(fitted)
    rates = price.rates(input_tokens=usage.input or 0) if price and cost else _FREE
    tokens, pico = _input_sums(fitted, names, usage=usage, rates=rates)
    calls: dict[str, int] = {}
    for call in fitted.output_calls:
        name = names[call.tool]
        calls[name] = calls.get(name, 0) + call.calls
        _add(tokens, (name, _CALL), call.tokens)
        _add(pico, (name, _CALL), call.tokens * rates.output)
    offered = {names[name] for name in fitted.offered}
    nano = _within(pico, cost) if cost else {}
    return tuple(
        ToolUse(
            name=name,
            offered=name in offered,
            calls=calls.get(name, 0),
            **{f"{part}_tokens": tokens.get((name, part), 0) for part in _PARTS},
            **{f"{part}_nanousd": nano.get((name, part), 0) for part in _PARTS},
        )
        for name in dict.fromkeys(names.values())
    )


def _input_sums(
    fitted: Fitted, names: dict[str, str], *, usage: TokenUsage, rates: Rates
) -> tuple[_Sums, _Sums]:
    """Tokens and pico-USD of the parts of the input."""
    tokens: _Sums = {}
    pico: _Sums = {}
    front = _Front(usage)
    for segment in fitted.segments:
        read, hour, write, rest = front.take(segment.tokens)
        if segment.tool is not None:
            key = names[segment.tool], _PART[segment.kind]
            _add(tokens, key, segment.tokens)
            written = hour * rates.cache_write_1h + write * rates.cache_write
            _add(pico, key, read * rates.cache_read + written + rest * rates.input)
    return tokens, pico


def _add(sums: _Sums, key: tuple[str, str], amount: int) -> None:
    sums[key] = sums.get(key, 0) + amount


class _Front:
    """Takes tokens from the front of the prompt: cached ones first, then those written to the cache."""

    def __init__(self, usage: TokenUsage) -> None:
        self._left = list(split_input(usage))

    def take(self, tokens: int) -> tuple[int, int, int, int]:
        taken = [0, 0, 0, 0]
        for i, left in enumerate(self._left):
            taken[i] = min(tokens, left)
            self._left[i] -= taken[i]
            tokens -= taken[i]
        return taken[0], taken[1], taken[2], taken[3]


def _within(pico: dict[tuple[str, str], int], cost: Cost) -> dict[tuple[str, str], int]:
    """Nano-USD, rounded down; scaled where the cost is less than its price, as an override may be."""
    nano = {key: value // 1000 for key, value in pico.items()}
    for limit, keys in (
        (cost.input_nanousd, [k for k in nano if k[1] != _CALL]),
        (cost.output_nanousd, [k for k in nano if k[1] == _CALL]),
    ):
        total = sum(nano[k] for k in keys)
        if total > limit:
            for key in keys:
                nano[key] = nano[key] * max(limit, 0) // total
    return nano


def _names(fitted: Fitted) -> dict[str, str]:
    """Every tool's name as it is shown."""
    labels = {name: tool_label(name) for name in _all_names(fitted)}
    distinct = list(dict.fromkeys(labels.values()))
    if len(distinct) <= MOST_TOOLS:
        return labels
    kept = set(distinct[: MOST_TOOLS - 1])
    return {name: label if label in kept else OTHER for name, label in labels.items()}


def _all_names(fitted: Fitted) -> Iterator[str]:
    yield from fitted.offered
    yield from (s.tool for s in fitted.segments if s.tool is not None)
    yield from (c.tool for c in fitted.output_calls)


@lru_cache(maxsize=1024)
def tool_label(name: str) -> str:
    """A tool's name as a label: valid UTF-8 without control characters, at most 64 characters."""
    clean = "".join(_printable(name[: LONGEST_NAME * 4]))[:LONGEST_NAME].strip()
    return clean or OTHER


def _printable(text: str) -> Iterable[str]:
    return (c for c in text if unicodedata.category(c) not in _NOT_SHOWN)
