"""What the tools of a request cost, each its share of the block that they form together."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from agentgauge.tokens.asked import SYSTEM_ROLES
from agentgauge.tokens.claude import Claude, scaled
from agentgauge.tokens.counted import Kind, Segment
from agentgauge.tokens.declaration import render
from agentgauge.tokens.vocabulary import count_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agentgauge.tokens.asked import Offer, Prompt
    from agentgauge.tokens.families import Family

_BLOCK = 9
_FRAME = 4  # of a message, which the block does without where there is a system message
_ADDED = 89  # 7 rows of two tools, one on gpt-5 and one on gpt-5.4
_NO_PARALLEL = 16  # 2 rows of one set of tools; 3 of two sets show that a call in the history ends it
_REMEMBERED = 64  # sets of tools
_MOST_CHARS = 200_000  # larger sets are counted anew, so that what is remembered is at most 13 MB
_FORCED_WHERE_FRAMED = -7  # a family that frames its tools at length leaves some of that out


def definition_segments(prompt: Prompt, family: Family) -> list[Segment]:
    """One segment per offered function; they add up to what the whole block costs."""
    offers = [o for o in prompt.offers if not o.deferred or o.name in prompt.looked_up]
    if not offers:
        return []
    if family.claude is not None:
        return _json_segments(prompt, offers, family)
    tools = _json([[o.name, o.description, o.parameters] for o in offers])
    tools = tools or _json([[o.name, o.description, {}] for o in offers])
    block = _block if len(tools) <= _MOST_CHARS else _block.__wrapped__
    tokens, weights, commented = block(tools, family.encoding, family.titles)
    bare = 0 if commented else family.bare
    shares = share(max(tokens + bare + _around(prompt, family), 0), weights)
    return [Segment(Kind.DEFINITION, o.name, n) for o, n in zip(offers, shares, strict=True)]


def added_segment(offer: Offer, family: Family) -> Segment:
    """A function that joins a conversation has a message and a namespace of its own."""
    text = render(offer.name, offer.description, offer.parameters, titles=family.titles)
    block = f"namespace {offer.name} {{\n\n{text}\n\n}} // namespace {offer.name}"
    return Segment(Kind.DEFINITION, offer.name, count_tokens(block, encoding=family.encoding) + _ADDED)


@lru_cache(maxsize=_REMEMBERED)
def _block(tools: str, encoding: str, titles: bool) -> tuple[int, tuple[int, ...], bool]:  # noqa: FBT001
    """Tokens of the whole block and of each declaration, and whether it starts with a comment.

    An agent sends the same tools with every request: they are rendered and counted once.
    """
    texts = [render(name, text, schema, titles=titles) for name, text, schema in json.loads(tools)]
    block = "namespace functions {\n\n" + "\n\n".join(texts) + "\n\n} // namespace functions"
    weights = tuple(count_tokens(t, encoding=encoding) for t in texts)
    return count_tokens(block, encoding=encoding), weights, texts[0].startswith("//")


def _around(prompt: Prompt, family: Family) -> int:
    """Tokens that the request has because it has tools, besides their declarations."""
    first = prompt.messages[0] if prompt.messages else None
    system = first if first is not None and first.role in SYSTEM_ROLES else None
    extra = _BLOCK
    if system is not None:
        extra -= _FRAME
    if prompt.form == "responses":
        extra += family.responses_block if system is None else family.responses_block_with_system
        extra += family.responses_required if prompt.required else 0
    elif system is None:
        extra += family.tools
    else:
        # The block joins the system message; in the Responses API it stays by itself (5 rows).
        joined = count_tokens(system.text + "\n\n", encoding=family.encoding)
        extra += family.tools_with_system + joined - count_tokens(system.text, encoding=family.encoding)
    if prompt.forced and (prompt.form == "chat" or family.responses_forced):
        extra += count_tokens(prompt.forced, encoding=family.encoding) + family.forced
        extra += _FORCED_WHERE_FRAMED if family.tools and prompt.form == "chat" else 0
    called = any(message.calls for message in prompt.messages)
    if not prompt.parallel and len(prompt.offers) > 1 and not called:
        extra += _NO_PARALLEL
    return extra


def _json_segments(prompt: Prompt, offers: Sequence[Offer], family: Family) -> list[Segment]:
    """Anthropic's models are shown each tool's JSON, after a prompt that explains tools.

    Counted with a line for each key: of five ways to write it that one was nearest on tool sets not fitted.
    """
    costs = family.claude or Claude()
    forms = [{"name": o.name, "description": o.description, "input_schema": o.parameters} for o in offers]
    weights = [
        scaled(count_tokens(_json(f, indent=1), encoding=family.encoding), costs.definition) for f in forms
    ]
    around = costs.tools + (costs.forced if prompt.required or prompt.forced else 0)
    around += 0 if prompt.parallel else costs.serial
    shares = share(max(sum(weights) + around, 0), weights)
    return [Segment(Kind.DEFINITION, o.name, n) for o, n in zip(offers, shares, strict=True)]


def _json(value: Any, *, indent: int | None = None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str, indent=indent)
    except (TypeError, ValueError, RecursionError):
        return ""


def share(total: int, weights: Sequence[int]) -> list[int]:
    """Splits a total by weights into integers that add up to it."""
    whole = sum(weights)
    if whole <= 0:
        return [total // len(weights) + (i < total % len(weights)) for i in range(len(weights))]
    bounds, seen = [0], 0
    for weight in weights:
        seen += weight
        bounds.append(total * seen // whole)
    return [high - low for low, high in pairwise(bounds)]
