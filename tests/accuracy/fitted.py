"""Fits the constants of a family to recordings, so that they can be tried on tool sets they have not seen.

A count is linear in the constants, so what each adds to a recording is found by counting twice. The fit
minimises the sum of absolute errors (iteratively reweighted least squares), which passes through the
rows that agree and overlooks the odd ones. It starts from nothing: no tokens around anything, text as it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from agentgauge.tokens.claude import Claude
from agentgauge.tokens.definitions import definition_segments
from agentgauge.tokens.families import family_of
from agentgauge.tokens.history import message_segments
from agentgauge.tokens.prompt import read_prompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recordings import Recording

    from agentgauge.tokens.asked import Prompt
    from agentgauge.tokens.families import Family

PER_CENT = ("text", "definition", "step")
OF_CLAUDE = (*PER_CENT, "tools", "forced", "serial", "pair", "thinking")
OF_OPENAI = (
    "reply", "pair", "pair_responses", "kept", "final", "parallel", "tools", "tools_with_system", "forced",
    "bare", "responses_block", "responses_block_with_system", "responses_required", "responses_format",
)  # fmt: skip
_ROUNDS = 30
_PULL = 0.001  # towards nothing, for what hardly any row has
_USUAL = 500  # tokens of a request
_USUAL_ROWS = 20  # a constant of fewer rows could be fitted to the odd ones among them
_CLOSE = 0.25  # tokens; nearer than that two errors weigh the same


@dataclass(frozen=True, slots=True)
class Row:
    """A recording as the fit sees it: its count without constants, and what one more of each adds."""

    recording: Recording
    prompt: Prompt
    family: Family
    base: int
    features: dict[str, float]


def count(prompt: Prompt, family: Family) -> int:
    """Our count of a prompt as that family."""
    return sum(s.tokens for s in (*definition_segments(prompt, family), *message_segments(prompt, family)))


def row_of(recording: Recording) -> Row:
    """A recording with what each constant adds to it."""
    prompt = read_prompt("chat", recording.request, model=recording.model)
    family = family_of(recording.model)
    names = OF_CLAUDE if family.claude else OF_OPENAI
    neutral = {name: 100 if name in PER_CENT else 0 for name in names}
    base = count(prompt, with_constants(family, neutral))
    features = {}
    for name in names:
        more = count(prompt, with_constants(family, {**neutral, name: neutral[name] + 100})) - base
        if more:
            features[name] = more / 100
    return Row(recording, prompt, family, base, features)


def with_constants(family: Family, values: dict[str, int]) -> Family:
    """The family with other constants."""
    changed: dict[str, Any] = dict(values)
    if family.claude is not None:
        return replace(family, claude=replace(family.claude or Claude(), **changed))
    return replace(family, **changed)


def fit(rows: Iterable[Row]) -> dict[Family, dict[str, int]]:
    """Constants by family. Families that ship with the same value of one have it fitted together."""
    found: dict[Family, dict[str, int]] = {}
    makers: dict[bool, list[Row]] = {}
    for row in rows:
        makers.setdefault(row.family.claude is not None, []).append(row)
    for own in makers.values():
        usual = _least_absolute(own, fewest=_USUAL_ROWS)
        values = _least_absolute([row for row in own if not _is_odd(row, usual)])
        for family in {row.family for row in own}:
            found[family] = {
                name: round(values.get(_shared(family, name), 0)) + (100 if name in PER_CENT else 0)
                for name in (OF_CLAUDE if family.claude else OF_OPENAI)
            }
    return found


def _shared(family: Family, name: str) -> tuple[str, int]:
    """What a constant is fitted as: its name, and its value as shipped, which tells who shares it."""
    return name, getattr(family.claude or family, name)


def _features(row: Row) -> dict[tuple[str, int], float]:
    return {_shared(row.family, name): more for name, more in row.features.items()}


def _is_odd(row: Row, values: dict[tuple[str, int], float]) -> bool:
    """Of another template than other rows of a known format: without rare constants, it is off by half."""
    counted = row.base + sum(more * values.get(name, 0) for name, more in _features(row).items())
    return row.family.known and abs(counted - row.recording.total) > row.recording.total / 2


def _least_absolute(rows: Sequence[Row], *, fewest: int = 1) -> dict[tuple[str, int], float]:
    """Tokens that are wrong, or parts of the total where a format is known by its proportions only.

    Constants that fewer rows than that have are left at nothing.
    """
    features = [_features(row) for row in rows]
    having = Counter(name for of in features for name in of)
    names = sorted(name for name, n in having.items() if n >= fewest)
    features = [{name: more for name, more in of.items() if having[name] >= fewest} for of in features]
    at = {name: i for i, name in enumerate(names)}
    values = [0.0] * len(names)
    for _ in range(_ROUNDS):
        matrix = [[_PULL * (a == b) for b in names] for a in names]
        right = [0.0] * len(names)
        for row, of in zip(rows, features, strict=True):
            wanted = row.recording.total - row.base
            error = abs(wanted - sum(more * values[at[n]] for n, more in of.items()))
            weight = (1 if row.family.known else _USUAL / row.recording.total) / max(error, _CLOSE)
            for a, more in of.items():
                right[at[a]] += weight * more * wanted
                for b, other in of.items():
                    matrix[at[a]][at[b]] += weight * more * other
        values = _solve(matrix, right)
    return dict(zip(names, values, strict=True))


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gaussian elimination; the pull on its diagonal keeps the matrix regular."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for j in range(size):
            if j != i and rows[j][i]:
                factor = rows[j][i] / rows[i][i]
                rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
    return [row[-1] / row[i] for i, row in enumerate(rows)]
