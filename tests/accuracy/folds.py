"""The goals, by the constants that are shipped and by constants fitted without the tool sets at hand."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import TYPE_CHECKING

from fitted import count, fit, row_of, with_constants
from methods import family_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fitted import Row
    from methods import Measured
    from recordings import Recording

FOLDS = 5
NEAR = (0, 0.02, 0.03, 0.05, 0.1)
NEW = ("gpt-4o", "gpt-4.1", "gpt-5")


def goal_of(recording: Recording, *, has_tools: bool) -> str | None:
    """The line of the goals that a recording belongs to."""
    family, endpoint = family_name(recording.model), recording.endpoint
    if family in NEW and endpoint == "chat":
        return "gpt-4o, 4.1, 5, chat"
    if family in NEW and endpoint == "responses" and has_tools:
        return "gpt-4o, 4.1, 5, Responses with function tools"
    if family in ("gpt-4", "gpt-3") and endpoint == "chat":
        return "gpt-4, gpt-3.5, chat"
    return "Claude" if family == "claude" else None


def tool_set(recording: Recording) -> str:
    """What must not be in two folds: the tools and the answer's schema, without those the first message."""
    body = recording.request
    own = [body.get(key) for key in ("tools", "functions", "response_format", "text")]
    if not any(own):
        own = [body.get("instructions"), (body.get("messages") or [None])[0], body.get("input")]
    return json.dumps(own, sort_keys=True)


def fold_of(recording: Recording) -> int:
    """A fold that depends on nothing but the tool set."""
    return int.from_bytes(hashlib.sha256(tool_set(recording).encode()).digest()[:4]) % FOLDS


def goal_lines(recordings: dict[str, Recording], measured: dict[str, Measured]) -> Iterable[str]:
    """Two tables in Markdown: the shipped constants, and those of the other folds."""
    chosen: list[tuple[str, Row]] = []
    shipped: dict[str, list[float]] = defaultdict(list)
    for key, m in measured.items():
        r = recordings[key]
        goal = goal_of(r, has_tools=m.has_tools) if m.countable else None
        if goal is not None:
            shipped[goal].append(abs(m.ours - r.total) / r.total)
            chosen.append((goal, row_of(r)))
    yield from _table("The goals, as shipped", shipped)
    held_out: dict[str, list[float]] = defaultdict(list)
    for fold in range(FOLDS):
        constants = fit(row for _, row in chosen if fold_of(row.recording) != fold)
        for goal, row in chosen:
            if fold_of(row.recording) == fold:
                own = constants.get(row.family, {})
                ours = count(row.prompt, with_constants(row.family, own))
                held_out[goal].append(abs(ours - row.recording.total) / row.recording.total)
    yield from _table(f"The goals, constants fitted without the tool set at hand ({FOLDS} folds)", held_out)


def _table(title: str, errors: dict[str, list[float]]) -> Iterable[str]:
    yield f"\n### {title}\n"
    yield "| | n | exact | <= 2 % | <= 3 % | <= 5 % | <= 10 % |"
    yield "|---" * 7 + "|"
    for name, found in sorted(errors.items(), reverse=True):
        cells = [f"{100 * sum(e <= most for e in found) / len(found):.1f}" for most in NEAR]
        yield f"| {name} | {len(found):,} | " + " | ".join(cells) + " |"
