"""What Anthropic's Messages API adds around a request, by model.

Anthropic publishes neither vocabulary nor format. A count by o200k_base is brought to scale by constants
that were fitted to 645 recorded requests with the provider's own counts (543 of them with tools). Fitted on
four fifths of the tool sets, they were within 5 % on 82 % and within 10 % on 90 % of the requests with the
others. They are no more than proportions: where the provider gave a total, parts are scaled to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

REPLY = 3  # 645 rows; a plain user message is its o200k_base count + 7
MESSAGE = 4


@dataclass(frozen=True, slots=True)
class Claude:
    """What one generation of Claude's models adds. Tokens, and per cent of a text's o200k_base count.

    Attributes:
        tools: the prompt that any tool brings, once a request.
        forced: what a `tool_choice` of `any` or `tool` adds to it.
        text: per cent for text.
        definition: per cent for a tool's JSON.
        step: per cent for a call's arguments and its result.
        pair: around a call and its result.
        thinking: added once where thinking is on (19 rows).
    """

    tools: int = 317
    forced: int = 5
    text: int = 105
    definition: int = 117
    step: int = 112
    pair: int = 52
    thinking: int = 28


_SONNET_4 = Claude()  # Sonnet and Opus 4 to 4.1, Sonnet 3.7: 70 rows
_GENERATIONS = (
    # Sonnet 5, Opus 4.7 and later: a new vocabulary, of which there are 32 rows only
    (
        re.compile(r"(sonnet|opus)-5|opus-4-[789]|(?<!3-)5-(sonnet|opus)|4-[789]-opus|fable|mythos"),
        Claude(tools=313, forced=112, text=132, definition=200, step=165, pair=44),
    ),
    (re.compile(r"haiku-4-5|4-5-haiku"), replace(_SONNET_4, tools=501, forced=99)),  # 123 rows
    (
        re.compile(r"(sonnet|opus)-4-[56]|4-[56]-(sonnet|opus)"),
        replace(_SONNET_4, tools=497, forced=100),
    ),  # 153 rows
    (re.compile(r"3-5-haiku"), replace(_SONNET_4, tools=267, forced=90)),  # 186 rows
    (re.compile(r"3-5-sonnet"), replace(_SONNET_4, tools=312, forced=21)),  # 39 rows
    (re.compile(r"3-opus"), replace(_SONNET_4, tools=536, forced=-236)),  # 15 rows
    (
        re.compile(r"3-(haiku|sonnet)|claude-(v?2|instant)"),
        replace(_SONNET_4, tools=267, forced=80),
    ),  # 27 rows
)


def claude_of(name: str) -> Claude | None:
    """What a model of that name adds; None where it is none of Anthropic's."""
    if "claude" not in name:
        return None
    name = name.replace(".", "-")  # OpenRouter answers as claude-4.5-haiku
    return next((costs for pattern, costs in _GENERATIONS if pattern.search(name)), _SONNET_4)


def scaled(tokens: int, per_cent: int) -> int:
    """Per cent of a count, to the nearest."""
    return (tokens * per_cent + 50) // 100
