"""What Anthropic's Messages API adds around a request, by model.

Anthropic publishes neither vocabulary nor format. A count by o200k_base is brought to scale by constants
that were fitted to 829 recorded requests with the provider's own counts (672 of them with tools);
docs/accuracy.md says what they are worth on tools that were not fitted. Of Claude 3, the sizes of the tool
prompt are those that Anthropic documents (docs.anthropic.com, "Tool use pricing and tokens"), which the rows
bear out; later models' were fitted.
They are no more than proportions: where the provider gave a total, parts are scaled to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

REPLY = 3  # 829 rows; a plain user message is its o200k_base count + 7
MESSAGE = 4


@dataclass(frozen=True, slots=True)
class Claude:
    """What one generation of Claude's models adds. Tokens, and per cent of a text's o200k_base count.

    Attributes:
        tools: the prompt that any tool brings, once a request.
        forced: what a `tool_choice` of `any` or `tool` adds to it.
        serial: what switching parallel calls off adds to it (7 rows of Haiku 4.5, of one set of tools that 2
            rows have with them on; nothing in 4 rows of 3.5 Haiku, and no rows of others).
        text: per cent for text.
        definition: per cent for a tool's JSON.
        step: per cent for a call's arguments and its result.
        pair: around a call and its result.
        thinking: added once where thinking is on (19 rows).
    """

    tools: int = 307
    forced: int = -5
    serial: int = 0
    text: int = 108
    definition: int = 94
    step: int = 111
    pair: int = 56
    thinking: int = 28


_SONNET_4 = Claude()  # Sonnet and Opus 4 to 4.1, Sonnet 3.7: 75 rows
_GENERATIONS = (
    # Sonnet 5, Opus 4.7 and later: a new vocabulary, of which there are 37 rows only
    (
        re.compile(r"(sonnet|opus)-5|opus-4-[789]|(?<!\d-)5-(sonnet|opus)|4-[789]-opus|fable|mythos"),
        Claude(tools=273, forced=11, text=130, definition=236, step=146, pair=16),
    ),
    (re.compile(r"haiku-4-5|4-5-haiku"), replace(_SONNET_4, tools=494, forced=85, serial=-200)),  # 163 rows
    (
        re.compile(r"(sonnet|opus)-4-[56]|4-[56]-(sonnet|opus)"),
        replace(_SONNET_4, tools=489, forced=88),
    ),  # 218 rows
    (re.compile(r"3-5-haiku"), replace(_SONNET_4, tools=256, forced=90)),  # 250 rows
    (re.compile(r"3-5-sonnet"), replace(_SONNET_4, tools=301, forced=11)),  # 42 rows
    (re.compile(r"3-opus"), replace(_SONNET_4, tools=530, forced=-249)),  # as documented; 15 rows agree
    (re.compile(r"3-sonnet"), replace(_SONNET_4, tools=159, forced=76)),  # as documented; 5 rows
    (
        re.compile(r"3-haiku|claude-(v?2|instant)"),
        replace(_SONNET_4, tools=264, forced=76),
    ),  # as documented; 24 rows
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
