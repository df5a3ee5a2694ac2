"""Usage as servers send it, read into the contract's numbers.

OpenAI's `prompt_tokens` includes cached tokens and `completion_tokens` includes reasoning; compatible
servers differ in where they put the details, and some send nonsense. A number that cannot be true is
unknown, never corrected to something plausible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentgauge.call import TokenUsage

MOST_TOKENS = 1_000_000_000
"""No single request uses more; a larger number is a server's mistake."""

_INPUT = ("prompt_tokens", "input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens")
_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details")
_OUTPUT_DETAILS = ("completion_tokens_details", "output_tokens_details")
_AUDIO = ("audio_tokens",)


@dataclass(frozen=True, slots=True)
class UsageReading:
    """The usage that a server sent, and what was wrong with it."""

    usage: TokenUsage
    problems: tuple[str, ...] = ()


def find_usage(answers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The last usage object in a body or in a stream's chunks: usage on chunks is cumulative."""
    for answer in reversed(answers):
        response = answer.get("response")
        for holder in (answer, response, answer.get("x_groq")):
            if isinstance(holder, Mapping) and isinstance(holder.get("usage"), Mapping):
                found: Mapping[str, Any] = holder["usage"]
                if found:
                    return found
    return None


def read_usage(answers: Sequence[Mapping[str, Any]]) -> UsageReading:
    """What the server said that the call used; all None when it said nothing."""
    raw = find_usage(answers)
    if raw is None:
        return UsageReading(TokenUsage())
    problems: list[str] = []

    def number(holder: Mapping[str, Any], *names: str) -> int | None:
        return _number(holder, names, problems)

    in_details, out_details = _mapping(raw, _INPUT_DETAILS), _mapping(raw, _OUTPUT_DETAILS)
    given, made = number(raw, *_INPUT), number(raw, *_OUTPUT)
    reasoning = _first(number(out_details, "reasoning_tokens"), number(raw, "reasoning_tokens"))
    total = number(raw, "total_tokens")
    made, reasoning = _with_reasoning(given, made, reasoning, total, problems)
    cached = _first(
        number(in_details, "cached_tokens"), number(raw, "cached_tokens", "prompt_cache_hit_tokens")
    )
    written = number(in_details, "cache_write_tokens", "cache_creation_tokens")
    if given is not None and (cached or 0) + (written or 0) > given:
        problems.append("more cached than input tokens")
        cached = written = None
    audio = any(number(details, *_AUDIO) for details in (in_details, out_details))
    usage = TokenUsage(given, made, cached, written, reasoning, audio, _outside(given, made, total))
    return UsageReading(usage, tuple(problems))


def _with_reasoning(
    given: int | None, made: int | None, reasoning: int | None, total: int | None, problems: list[str]
) -> tuple[int | None, int | None]:
    """Output with reasoning inside: some servers report reasoning apart, which their total gives away."""
    if made is None or reasoning is None:
        return made, reasoning
    if given is not None and reasoning and total == given + made + reasoning:
        return made + reasoning, reasoning
    if reasoning > made:
        problems.append("more reasoning than output tokens")
        return made, None
    return made, reasoning


def _outside(given: int | None, made: int | None, total: int | None) -> int | None:
    """What a total has beyond its parts; some servers leave thinking out of every part but the total."""
    if given is None or made is None or total is None or total <= given + made:
        return None
    return total - given - made


def _number(holder: Mapping[str, Any], names: tuple[str, ...], problems: list[str]) -> int | None:
    for name in names:
        value = holder.get(name)
        if value is None:
            continue
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS:
            return value
        problems.append(f"{name} is no count of tokens")
        return None
    return None


def _mapping(raw: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    return next((raw[name] for name in names if isinstance(raw.get(name), Mapping)), {})


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
