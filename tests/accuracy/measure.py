"""How far our count is from the provider's, on recordings of your own: `make accuracy`."""

from __future__ import annotations

import os
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from folds import goal_lines
from methods import Measured, measure
from recordings import SHAPE, Recording, read_pairs, read_recordings

if TYPE_CHECKING:
    from collections.abc import Iterable

FEWEST = 5
_HEAD = ("n", "median", "p90", "exact", "<= 2 %", "<= 3 %", "<= 5 %", "<= 10 %")


class Table:
    """Relative errors by row of a table, printed as Markdown."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._errors: dict[str, list[float]] = defaultdict(list)

    def add(self, row: str, ours: float, truth: float) -> None:
        self._errors[row].append(abs(ours - truth) / max(abs(truth), 1))

    def lines(self) -> Iterable[str]:
        yield f"\n### {self._title}\n"
        yield "| | " + " | ".join(_HEAD) + " |"
        yield "|---" * (len(_HEAD) + 1) + "|"
        few = 0
        for row, errors in sorted(self._errors.items()):
            if len(errors) < FEWEST:
                few += len(errors)
                continue
            p90 = statistics.quantiles(errors, n=10)[-1]
            within = [sum(e <= most for e in errors) / len(errors) for most in (0, 0.02, 0.03, 0.05, 0.1)]
            cells = [f"{statistics.median(errors):.1%}", f"{p90:.1%}", *(f"{w:.0%}" for w in within)]
            yield f"| {row} | {len(errors):,} | " + " | ".join(cells) + " |"
        if few:
            yield f"\n{few} more in rows of fewer than {FEWEST}."


def tables(recordings: dict[str, Recording], measured: dict[str, Measured], folder: Path) -> list[Table]:
    """Total input, the tools' part, methods side by side, definitions and steps."""
    total, part = Table("Total input"), Table("Tool definitions alone, in chats of known formats")
    methods = Table("Total input of requests with tools, by method")
    for key, m in measured.items():
        r = recordings[key]
        if not m.countable:
            continue
        shape = ("nested" if m.nested else "flat") if m.has_tools else "no tools"
        total.add(f"{m.family} {r.endpoint}, {shape}", m.ours, r.total)
        if not m.has_tools:
            continue
        for name, tokens in {"agentgauge": m.ours, **m.simple}.items():
            methods.add(f"{m.family} {r.endpoint}: {name}", tokens, r.total)
        if m.known and not m.history and r.endpoint == "chat":
            part.add(m.family, m.definitions, r.total - m.text)
    return [total, part, methods, *_pair_tables(recordings, measured, folder)]


def _pair_tables(
    recordings: dict[str, Recording], measured: dict[str, Measured], folder: Path
) -> list[Table]:
    definitions = Table("What other tools change (pairs), by method")
    steps = Table("One step of the conversation (pairs)")
    for pair in read_pairs(folder):
        a, b = measured.get(pair.a), measured.get(pair.b)
        if a is None or b is None or not (a.countable and b.countable) or not pair.delta:
            continue
        totals = recordings[pair.a].total, recordings[pair.b].total
        way = "counted" if a.known else "apportioned"
        row = f"{b.family} {recordings[pair.b].endpoint}"
        if pair.kind == "tools":
            ours = _part(b, totals[1], b.definitions) - _part(a, totals[0], a.definitions)
            definitions.add(f"{row}: agentgauge, {way}", ours, pair.delta)
            for name in b.simple:
                definitions.add(f"{row}: {name}", b.simple[name] - a.simple[name], pair.delta)
        else:
            kind = "call and result" if b.history > a.history else "text"
            other = _part(b, totals[1], b.text + b.history) - _part(a, totals[0], a.text + a.history)
            steps.add(f"{row}, {kind}: {way}", other, pair.delta)
    return [definitions, steps]


def _part(m: Measured, total: int, tokens: int) -> float:
    """A part as it would be stored: of a format that is not known, its share of the provider's total."""
    return tokens if m.known else tokens * total / max(m.ours, 1)


def main() -> int:
    """Prints the tables; without a folder says what it needs."""
    given = (sys.argv[1] if len(sys.argv) > 1 else "") or os.environ.get("AGENTGAUGE_RECORDINGS", "")
    folder = Path(given)
    if not given or not folder.is_dir() or not (recordings := read_recordings(folder)):
        sys.stderr.write(
            f"Name a folder of recordings: make accuracy AGENTGAUGE_RECORDINGS=folder\n\n{SHAPE}"
        )
        return 2
    measured = {key: measure(r) for key, r in recordings.items()}
    skipped = sum(not m.countable for m in measured.values())
    print(f"{len(recordings):,} recordings, of which {skipped:,} have parts that nobody can count.")
    print("\n".join(goal_lines(recordings, measured)))
    for table in tables(recordings, measured, folder):
        print("\n".join(table.lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
