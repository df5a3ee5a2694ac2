"""Lines that a command-line assistant shows: after an answer, before a call, and of its plan."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from agentgauge.call import UsageSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agentgauge.call import Call
    from agentgauge.routing import Choice
    from agentgauge.scopes.scope import Scope

INDENT = "   "
UNKNOWN = "unknown"
RULE_WIDTH = 60
CHARS_A_TOKEN, WORDS_A_TOKEN = 4, 0.75
PARSER = "Dynamic parser (rule-based, no LLM)"


def call_line(call: Call) -> str:
    """`   [Input: 54 tokens (267 chars), Output: 23 tokens (92 chars), Total: 77 tokens]`.

    What nobody knows is `unknown`; ` (estimated)` or ` (mixed)` follows where tokens were counted here.
    `scope.last_call` is the call that ended last.
    """
    usage, source = call.usage, call.usage_source
    known = [count for count in (usage.input, usage.output) if count is not None]
    total = sum(known) + (usage.outside or 0) if len(known) == 2 else None  # noqa: PLR2004  # both sides
    line = _line(
        (usage.input, call.request.input_chars), (usage.output, call.response.output_chars), total=total
    )
    return f"{line} ({source})" if source in (UsageSource.ESTIMATED, UsageSource.MIXED) else line


def _line(given: tuple[int | None, int | None], made: tuple[int | None, int | None], *, total: object) -> str:
    parts = [
        f"{side}: {_shown(tokens)} tokens ({_shown(chars)} chars)"
        for side, (tokens, chars) in (("Input", given), ("Output", made))
    ]
    return f"{INDENT}[{', '.join(parts)}, Total: {_shown(total)} tokens]"


def _shown(value: object) -> str:
    return UNKNOWN if value is None else str(value)


def parser_lines(
    given: str, made: str, *, by: Literal["chars", "words"] = "chars", method: str = PARSER
) -> str:
    """The same line, and the method below it, for text that a rule-based parser made in place of a model.

    Args:
        given: what was parsed.
        made: what came out.
        by: estimate 4 characters a token, or 0.75 words a token.
        method: what made it.

    To keep it, note it in the running step: `ag.current().note_method(method, **parser_tokens(given, made))`.
    """
    counts = parser_tokens(given, made, by=by)
    line = _line(
        (counts["input_tokens"], len(given)),
        (counts["output_tokens"], len(made)),
        total=sum(counts.values()),
    )
    return f"{line} (estimated)\n{INDENT}[Method: {method}]"


def parser_tokens(given: str, made: str, *, by: Literal["chars", "words"] = "chars") -> dict[str, int]:
    """Estimated `input_tokens` and `output_tokens` of text that no model read or wrote."""
    return {"input_tokens": _estimate(given, by), "output_tokens": _estimate(made, by)}


def _estimate(text: str, by: str) -> int:
    if by == "words":
        return math.ceil(len(text.split()) / WORDS_A_TOKEN)
    return math.ceil(len(text) / CHARS_A_TOKEN)


def tier_name(tier: str) -> str:
    """`Tier 2` for a number, a word as it is."""
    return f"Tier {tier}" if tier.isdigit() else tier


def routing_lines(choice: Choice | Mapping[str, Any]) -> str:
    """`Routing to: mistral-7b (Tier 2)`; below it the models passed over, and the tries that failed.

    Takes what `routing.route(...)` gives in its `with`, an attempt's `choice`, or a report's `routes`.
    """
    row = choice if not hasattr(choice, "to_dict") else choice.to_dict()
    chosen = f"{row['model']} ({tier_name(row['tier'])})" if row["model"] is not None else "none"
    lines = [f"Routing to: {chosen}"]
    if row["bypassed"]:
        over = ", ".join(f"{model['model']} ({tier_name(model['tier'])})" for model in row["bypassed"])
        lines.append(f"{INDENT}Bypassed: {over}")
    lines += [
        f"{INDENT}Failed: {failed['model']} ({tier_name(failed['tier'])}) - {failed['reason']}"
        for failed in row["tries"]
    ]
    return "\n".join(lines)


def checklist(steps: Scope | Iterable[tuple[str, bool]]) -> str:
    """`  [ ] 1. Create file structure`, `[x]` for a step that has ended well.

    Takes the scope whose `.plan([...])` was noted, or names with whether they are done.
    """
    planned = steps if not hasattr(steps, "planned") else steps.planned
    return "\n".join(
        f"  [{'x' if done else ' '}] {number}. {name}" for number, (name, done) in enumerate(planned, start=1)
    )


def step_lines(name: str, *, index: int, count: int) -> str:
    """`Step 1/3: Create file structure` between lines of 60 dashes."""
    rule = "─" * RULE_WIDTH
    return f"{rule}\nStep {index}/{count}: {name}\n{rule}"
