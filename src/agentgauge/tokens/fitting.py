"""Makes our count of the parts fit a call's totals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agentgauge.tokens.counted import Kind

if TYPE_CHECKING:
    from agentgauge.call import TokenUsage
    from agentgauge.tokens.counted import Counted, OutputCalls, Segment


@dataclass(frozen=True, slots=True)
class Fitted:
    """Parts that add up to no more than the totals; `scaled` when they had to be cut for that."""

    segments: tuple[Segment, ...]
    output_calls: tuple[OutputCalls, ...]
    offered: tuple[str, ...]
    scaled: bool


def fit(counted: Counted, usage: TokenUsage) -> Fitted:
    """Scales down what is too much, proportionally and rounded down.

    With the model's own vocabulary a tool's count is better than what is left for it by proportion, so that
    text gives way first; with a foreign one only proportions mean anything.
    """
    limit = usage.input or 0
    tools = sum(s.tokens for s in counted.segments if s.tool is not None)
    text = counted.input_tokens - tools
    if counted.known_encoding:
        for_tools = min(tools, limit)
        for_text = min(text, limit - for_tools)
    else:
        total = max(tools + text, limit)
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
    return Fitted(segments, calls, counted.offered, scaled=for_tools < tools or for_calls < wrote)


def _part(tokens: int, limit: int, whole: int) -> int:
    return tokens * limit // whole if whole else 0
