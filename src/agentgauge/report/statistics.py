"""What a command-line assistant says at its end: files, models, templates, time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentgauge.report import query
from agentgauge.report.build import report_of
from agentgauge.report.call_line import UNKNOWN, tier_name
from agentgauge.report.recorded import Recorded
from agentgauge.store.read import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentgauge.report.build import Report
    from agentgauge.store.read import Selection, Store


def execution_statistics(of: Recorded | None = None) -> str:
    """Files affected, models used with tier, purposes and tokens, templates with relevance, time.

    Files and templates are those noted by `.note_file` and `.note_template`. A model's tier and purposes
    are those of the routes that chose it; `unknown` where no route did. The time is from the first call's
    start to the last one's end.

    Raises:
        StoreError: the store is off, or cannot be read.
    """
    chosen = of or Recorded()
    path = chosen.path()
    with open_store(path) as store:
        return statistics_of(store, chosen.selection(path))


def statistics_of(store: Store, selection: Selection) -> str:
    """The same from an open store."""
    report, (first, last) = report_of(store, selection), query.span_of_time(store, selection)
    time = UNKNOWN if first is None or last is None else f"{(last - first) / 1e9:.2f}s"
    lines = ["EXECUTION STATISTICS", *_files(report), *_models(report), *_templates(report)]
    return "\n".join([*lines, f"Execution time: {time}"])


def _noted(report: Report, what: str) -> list[dict[str, Any]]:
    return [entry for workflow in report["workflows"] for entry in workflow[what]]


def _files(report: Report) -> Iterator[str]:
    files = _noted(report, "files")
    yield f"Files affected: {len({entry['path'] for entry in files})}"
    for change in ("created", "modified"):
        names = dict.fromkeys(entry["path"] for entry in files if entry["change"] == change)
        yield f"  {change.capitalize()}: {len(names)}"
        yield from (f"    - {name}" for name in names)


def _models(report: Report) -> Iterator[str]:
    routes = _noted(report, "routes")
    yield f"Models used: {len(report['models'])}"
    for row in report["models"]:
        mine = [route for route in routes if route["model"] == row["model"]]
        tiers = dict.fromkeys(tier_name(route["tier"]) for route in mine)
        purposes = dict.fromkeys(route["purpose"] for route in mine if route["purpose"])
        counted = row["usage_sources"]["estimated"] + row["usage_sources"]["mixed"]
        yield (
            f"  {row['model']} ({', '.join(tiers) or f'Tier {UNKNOWN}'}) - {', '.join(purposes) or UNKNOWN}"
            f" [{row['total_tokens']} tokens{', estimated' if counted else ''}]"
        )


def _templates(report: Report) -> Iterator[str]:
    templates = _noted(report, "templates")
    yield f"Templates used: {len(templates)}"
    for entry in templates:
        fits = entry["relevance"]
        yield f"  {entry['name']} (relevance: {UNKNOWN if fits is None else f'{fits:.2f}'})"
