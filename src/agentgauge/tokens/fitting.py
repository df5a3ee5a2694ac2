"""Makes our count of the parts fit a call's totals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agentgauge.tokens.counted import Kind

if TYPE_CHECKING:
    from agentgauge.call import TokenUsage
    from agentgauge.tokens.counted import Counted, OutputCalls, Segment


AGREES_PER_CENT = 2
AGREES_TOKENS = 4
"""Our total agrees with the provider's within the larger of the two: formats differ by a token or two
between releases, and the provider's fleet may run several at once."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Parts that add up to no more than the totals.

    `scaled` when they were fitted to the total by proportion; `agrees` when the format is known and our count
    of the whole request is the provider's.
    """

    segments: tuple[Segment, ...]
    output_calls: tuple[OutputCalls, ...]
    offered: tuple[str, ...]
    scaled: bool
    agrees: bool


def fit(counted: Counted, usage: TokenUsage) -> Fitted:
    """Fits our count of the parts to the totals, rounded down.

    With the model's own vocabulary a tool's count is better than what is left for it by proportion, so that
    text gives way first and nothing grows; with a foreign one only proportions mean anything, and all parts
    are brought to the total, unless the request has parts that nobody can count.
    """
    limit = usage.input or 0
    tools = sum(s.tokens for s in counted.segments if s.tool is not None)
    text = counted.input_tokens - tools
    if counted.known_encoding:
        for_tools = min(tools, limit)
        for_text = min(text, limit - for_tools)
    else:
        whole = bool(text or tools) and not counted.uncountable
        total = tools + text if whole else max(tools + text, limit)
        for_tools, for_text = _part(tools, limit, total), _part(text, limit, total)
    segments = counted.segments
    if (for_tools, for_text) != (tools, text):
        segments = tuple(
            replace(s, tokens=_part(s.tokens, for_text, text))
            if s.kind is Kind.TEXT
            else replace(s, tokens=_part(s.tokens, for_tools, tools))
            for s in segments
        )
    wrote = sum(c.tokens for c in counted.output_calls)
    for_calls = min(wrote, usage.output or 0)
    calls = counted.output_calls
    if for_calls != wrote:
        calls = tuple(replace(c, tokens=_part(c.tokens, for_calls, wrote)) for c in calls)
    foreign = bool(tools) and not counted.known_encoding
    cut = for_tools < tools or for_calls < wrote
    return Fitted(segments, calls, counted.offered, scaled=foreign or cut, agrees=_agrees(counted, limit))


def _agrees(counted: Counted, limit: int) -> bool:
    if not counted.known_encoding or counted.uncountable or not counted.input_readable:
        return False
    return abs(counted.input_tokens - limit) <= max(AGREES_TOKENS, limit * AGREES_PER_CENT // 100)


def _part(tokens: int, limit: int, whole: int) -> int:
    return tokens * limit // whole if whole else 0
