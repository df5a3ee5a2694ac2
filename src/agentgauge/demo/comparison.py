"""Compares a report with the simulated server's own books."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentgauge.demo.scenario import api_key

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = ("requests", "input_tokens", "output_tokens", "reasoning_tokens", "cache_read_tokens")
Numbers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """One agent, model or total (`kind`); `differences` holds (field, reported, told by the server)."""

    kind: str
    name: str
    differences: tuple[tuple[str, int | None, int | None], ...]


def compare(report: Mapping[str, Any], books: Mapping[str, Any]) -> list[Compared]:
    """The report's agents, models and total beside the books'; what only one side has differs too."""
    agents = _added(report["agents"], "agent")
    keys = {name.removeprefix(api_key("")): numbers for name, numbers in books["by_api_key"].items()}
    models = _added(report["models"], "model")
    told_of_models = _added(
        [
            {**numbers, "model": model}
            for key in books["by_api_key"].values()
            for model, numbers in key["by_model"].items()
        ],
        "model",
    )
    return [
        *_beside("agents", agents, keys),
        *_beside("models", models, told_of_models),
        _compared("total", "total", report["totals"], books),
    ]


def _added(rows: list[Any], by: str) -> dict[str, Numbers]:
    """Rows with the same name in one: an agent has one row per role."""
    sums: dict[str, Numbers] = defaultdict(lambda: dict.fromkeys(FIELDS))
    for row in rows:
        for field in FIELDS:
            if row[field] is not None:
                sums[row[by]][field] = (sums[row[by]][field] or 0) + row[field]
    return dict(sums)


def _beside(kind: str, reported: Mapping[str, Numbers], told: Mapping[str, Numbers]) -> list[Compared]:
    return [
        _compared(kind, name, reported.get(name, {}), told.get(name, {})) for name in {**reported, **told}
    ]


def _compared(kind: str, name: str, reported: Mapping[str, Any], told: Mapping[str, Any]) -> Compared:
    pairs = [(field, reported.get(field), told.get(field)) for field in FIELDS]
    return Compared(kind, name, tuple(pair for pair in pairs if pair[1] != pair[2]))
