"""`agentgauge report`: what was used and what it cost."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from typing import TYPE_CHECKING

import click

from agentgauge.cli.terminal import console, need_stdout
from agentgauge.config import store_path
from agentgauge.errors import StoreError
from agentgauge.report.build import build_report
from agentgauge.report.export import export_of
from agentgauge.report.requests import request_rows, to_csv
from agentgauge.report.statistics import statistics_of
from agentgauge.report.table import SECTIONS, render_report
from agentgauge.report.trial import trial_rows
from agentgauge.store.place import need_place
from agentgauge.store.read import Selection, Store, last_run, open_store, runs_like, services

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST_AGO_S = 100 * 366 * 86400


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Unix nanoseconds of an ISO time (local if it has no zone) or of so long ago: 45s, 30m, 1h, 7d, 2w."""
    if value is None:
        return None
    ago = re.fullmatch(r"([0-9]{1,9})([smhdw])", value.strip())
    seconds = int(ago[1]) * _UNITS_S[ago[2]] if ago else 0
    if ago and seconds <= _LONGEST_AGO_S:
        return time.time_ns() - seconds * 10**9
    try:
        moment = datetime.fromisoformat(value.strip()).astimezone()
        return int(moment.replace(microsecond=0).timestamp()) * 10**9 + moment.microsecond * 1000
    except (ValueError, OverflowError, OSError) as error:
        message = f"{value!r} is no time. Write 30m, 1h or 7d, or 2026-01-31T14:00."
        raise click.BadParameter(message, ctx, param) from error


def _tables(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = tuple(filter(None, (part.strip() for part in value.split(","))))
    unknown = [name for name in names if name not in SECTIONS and not _tag(name)]
    if not names or unknown:
        raise click.BadParameter(f"{value!r}: choose from {', '.join(SECTIONS)}, tag:KEY.", ctx, param)
    return names


def _tag(name: str) -> str:
    """The key of `tag:KEY`; nothing for another table."""
    return name.removeprefix("tag:").strip() if name.startswith("tag:") else ""


FORMATS = ["table", "json", "csv", "text", "statistics", "llm-usage"]
WRITERS: dict[str, Callable[[Store, Selection, bool | None], str]] = {
    "csv": lambda store, chosen, tools: to_csv(request_rows(store, chosen, has_tools=tools)),
    "text": lambda store, chosen, _: export_of(store, chosen),
    "statistics": lambda store, chosen, _: statistics_of(store, chosen) + "\n",
    "llm-usage": lambda store, chosen, _: (
        json.dumps(trial_rows(store, chosen, details=True), indent=2) + "\n"
    ),
}
"""How each format that is no report is written: (store, selection, calls with tools only) -> text."""

EXAMPLES = """\b
Examples:
  agentgauge report                         the last run
  agentgauge report --since 7d --by agent   a week, by agent
  agentgauge report --since 30d --by tag:team   who pays: a row for each team
  agentgauge report --run 3f2a91c0          one run, by the start of its id
  agentgauge report --since 2026-01-01 --until 2026-02-01 --service support-bot
  agentgauge report --format json | jq .totals.cost_nanousd
  agentgauge report --since 1d --format csv --tools > calls.csv
  agentgauge report --workflow trial-7 --format llm-usage
  agentgauge report --workflow 68faa5e5 --format text"""


@click.command(epilog=EXAMPLES)
@click.option(
    "--store", metavar="PATH", help="The store. [default: AGENTGAUGE_STORE, else the XDG data folder]"
)
@click.option("--last", is_flag=True, help="The last run; the default.")
@click.option("--run", "run_id", metavar="ID", help="One run, by its id or the start of it.")
@click.option(
    "--since", callback=_moment, metavar="TIME", help="Calls that ended since: 1h, 30m, 7d or an ISO time."
)
@click.option("--until", callback=_moment, metavar="TIME", help="Calls that ended before.")
@click.option("--service", metavar="NAME", help="Only this service.")
@click.option(
    "--by",
    callback=_tables,
    metavar="TABLES",
    help="Which tables: agent,workflow,role,model,tool, and tag:KEY for cost by the values of a tag.",
)
@click.option("--workflow", "workflow_id", metavar="ID", help="One workflow by its id, of any run.")
@click.option("--tools/--no-tools", "has_tools", default=None, help="csv: only calls with tools, or without.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
def report(  # noqa: PLR0913  # one an option
    *,
    store: str | None,
    last: bool,
    run_id: str | None,
    since: int | None,
    until: int | None,
    service: str | None,
    by: tuple[str, ...] | None,
    workflow_id: str | None,
    has_tools: bool | None,
    form: str,
) -> None:
    """Show what agents, tools and models used and cost.

    Formats: table; json, the same numbers for programs; csv, a line per call;
    text, an export by agent, tool and step; statistics, files, models and
    templates; llm-usage, JSON with the usage of each trial (workflow and id).
    """
    need_stdout()
    window = since is not None or until is not None
    if last + (run_id is not None) + window > 1:
        raise click.UsageError("--last, --run and --since/--until exclude one another: keep one of them.")
    if since is not None and until is not None and since >= until:
        raise click.UsageError("--since is not before --until: nothing lies between them. Swap the two.")
    path = _path(store)
    if window or (workflow_id is not None and run_id is None and not last):
        selection = Selection(start_ns=since, end_ns=until, service=service, workflow_id=workflow_id)
    else:
        with open_store(path) as opened:
            found = _run(opened, run_id) if run_id is not None else last_run(opened, service=service)
        selection = Selection(run_id=found, service=service, workflow_id=workflow_id)
    if has_tools is not None and form != "csv":
        raise click.UsageError("--tools and --no-tools choose lines of --format csv.")
    if form in WRITERS:
        with open_store(path) as opened:
            click.echo(WRITERS[form](opened, selection, has_tools), nl=False)
        return
    built = build_report(path, selection, tags=[tag for name in by or () if (tag := _tag(name))])
    if form == "json":
        click.echo(json.dumps(built, indent=2))
    elif built["totals"]["calls"] or built["workflows"] or built["tools"]:
        render_report(built, console(), by=by)
    else:
        _explain_nothing(path, selection, [warning["message"] for warning in built["warnings"]])


def _path(given: str | None) -> Path:
    path = store_path(given or None)
    if path is None:
        raise StoreError(
            "The store is off (AGENTGAUGE_STORE or --store), so there is nothing to report. "
            "Name a file: --store PATH."
        )
    need_place(path)
    return path


def _run(store: Store, prefix: str) -> str:
    found = runs_like(store, prefix) if prefix else []
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(found[:5])
        raise click.UsageError(
            f"--run {prefix!r} is the start of {len(found)} runs ({some}): write more of it."
        )
    newest = last_run(store)
    hint = f"The last one is {newest}." if newest else "The store is empty."
    raise click.UsageError(f"--run {prefix!r}: no such run in {store.path}. {hint}")


def _explain_nothing(path: Path, selection: Selection, noted: list[str]) -> None:
    with open_store(path) as store:
        known, newest = services(store), last_run(store)
    for message in noted:
        click.echo(f"! {message}")
    if newest is None:
        there = "" if path.exists() else ", which does not exist"
        click.echo(f"No calls yet in {path}{there}.\n\nFill it with one of:")
        click.echo("  agentgauge run -- python my_agent.py   any program that uses the openai client")
        click.echo("  agentgauge demo                        a small team of agents, simulated")
        click.echo('  agentgauge.init("my-service")          in your own code')
    elif selection.service is not None and selection.service not in known:
        click.echo(f"No calls of service {selection.service!r} in {path}. It knows: {', '.join(known)}.")
    elif selection.run_id is not None:
        click.echo(
            f"Run {selection.run_id} has no model call in the store. Others: agentgauge report --since 7d"
        )
    else:
        click.echo(f"No calls ended in that time in {path}. Try a longer one: agentgauge report --since 7d")
