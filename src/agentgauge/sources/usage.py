"""Usage as servers send it, read into the contract's numbers.

OpenAI's `prompt_tokens` includes cached tokens and `completion_tokens` includes reasoning; compatible
servers differ in where they put the details, and some send nonsense. Anthropic's and Bedrock's input excludes
cached tokens, Gemini's output excludes thoughts: both are added up here. A number that cannot be true is
unknown, never corrected to something plausible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentgauge.call import TokenUsage

MOST_TOKENS = 1_000_000_000
"""No single request uses more; a larger number is a server's mistake."""

_INPUT = ("prompt_tokens", "input_tokens", "inputTokens", "promptTokenCount")
_OUTPUT = ("completion_tokens", "output_tokens", "outputTokens")
_TOTAL = ("total_tokens", "totalTokens", "totalTokenCount")
_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details")
_OUTPUT_DETAILS = ("completion_tokens_details", "output_tokens_details")
_AUDIO = ("audio_tokens",)
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "num_cached_tokens", "cachedContentTokenCount")
_READ_APART = ("cache_read_input_tokens", "cacheReadInputTokens", "cacheReadInputTokenCount")
_WRITTEN_APART = ("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount")
_REASONING = ("reasoning_tokens", "thinking_tokens")


@dataclass(frozen=True, slots=True)
class UsageReading:
    """The usage that a server sent, and what was wrong with it."""

    usage: TokenUsage
    problems: tuple[str, ...] = ()


def find_usage(answers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The last usage object in a body or in a stream's chunks: usage on chunks is cumulative.

    Anthropic's streams give the input in `message_start` and the output in `message_delta`: both are merged.
    """
    last = next((found for answer in reversed(answers) if (found := _usage_in(answer))), None)
    started = next(
        (a["message"] for a in answers if a.get("type") == "message_start" and "message" in a), None
    )
    first = started.get("usage") if isinstance(started, Mapping) else None
    if last is None or not isinstance(first, Mapping):
        return last
    if last is first:  # left early: what the start says of the output is no more than its first token
        return {key: value for key, value in first.items() if key not in _OUTPUT}
    return {**first, **{key: _later(first.get(key), value) for key, value in last.items()}}


def _usage_in(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for holder in (answer, *(answer.get(name) for name in ("response", "x_groq", "message", "metadata"))):
        for name in ("usage", "usageMetadata"):
            if isinstance(holder, Mapping) and isinstance(found := holder.get(name), Mapping) and found:
                return found
    return None


def _later(first: Any, last: Any) -> Any:
    """The later of two cumulative values; some servers send 0 or null where nothing is new."""
    if isinstance(first, int) and (last is None or (isinstance(last, int) and last < first)):
        return first
    return last


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
    total = number(raw, *_TOTAL)
    reasoning = _first(number(out_details, *_REASONING), number(raw, "reasoning_tokens"))
    cached = _first(number(in_details, *_CACHED), number(raw, *_CACHED))
    written = number(in_details, "cache_write_tokens", "cache_creation_tokens")
    if _is_gemini(raw):
        given = _sum(given, number(raw, "toolUsePromptTokenCount"))
        reasoning = number(raw, "thoughtsTokenCount")
        made = _sum(number(raw, "candidatesTokenCount"), reasoning)
        if made is None and given is not None and total is not None and total >= given:
            made = total - given
    elif _is_exclusive(raw):
        read, wrote = number(raw, *_READ_APART), number(raw, *_WRITTEN_APART)
        given = given if given is None else given + (read or 0) + (wrote or 0)
        cached, written = read, wrote
        given, made = _with_compaction(raw, given, made, problems)
    made, reasoning = _with_reasoning(given, made, reasoning, total, problems)
    if given is not None and (cached or 0) + (written or 0) > given:
        problems.append("more cached than input tokens")
        cached = written = None
    hour = number(_mapping(raw, ("cache_creation",)), "ephemeral_1h_input_tokens") if written else None
    audio = any(number(details, *_AUDIO) for details in (in_details, out_details))
    usage = TokenUsage(given, made, cached, written, reasoning, audio, _outside(given, made, total), hour)
    return UsageReading(usage, tuple(problems))


def _is_gemini(raw: Mapping[str, Any]) -> bool:
    return any(name in raw for name in ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"))


def _is_exclusive(raw: Mapping[str, Any]) -> bool:
    """Whether cached tokens are not in the input; a proxy that speaks OpenAI's form includes them."""
    inclusive = any(name in raw for name in ("prompt_tokens", *_INPUT_DETAILS))
    return not inclusive and any(name in raw for name in (*_READ_APART, *_WRITTEN_APART))


def _with_compaction(
    raw: Mapping[str, Any], given: int | None, made: int | None, problems: list[str]
) -> tuple[int | None, int | None]:
    """Adds what Anthropic's compaction of the history used, which is billed and not in the totals."""
    iterations = raw.get("iterations")
    for one in iterations if isinstance(iterations, list) else ():
        if isinstance(one, Mapping) and one.get("type") == "compaction":
            parts = (
                _number(one, (n,), problems) for n in ("input_tokens", _READ_APART[0], _WRITTEN_APART[0])
            )
            given = _sum(given, *parts)
            made = _sum(made, _number(one, ("output_tokens",), problems))
    return given, made


def _sum(*values: int | None) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


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
