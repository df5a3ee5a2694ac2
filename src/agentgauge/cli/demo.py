"""`agentgauge demo`: a small team of agents, and its bill beside the server's own books."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import click

from agentgauge.cli.terminal import console
from agentgauge.config import read_settings, store_path
from agentgauge.errors import AgentgaugeError
from agentgauge.report import cells
from agentgauge.stack.places import find_places
from agentgauge.stack.state import read_state
from agentgauge.store.connect import connect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from agentgauge.demo.comparison import Compared
    from agentgauge.demo.session import Ended

OLDEST_OPENAI = (2, 8)
MISMATCH, BROKEN, INTERRUPTED = 1, 1, 130
BOOKS = ("requests", "input_tokens", "output_tokens", "reasoning_tokens", "by_api_key")


EXAMPLES = """\b
Examples:
  agentgauge demo                              a simulated server; no key, no bill
  agentgauge demo --otlp                       through the stack that `agentgauge up` started
  agentgauge demo --live --model gpt-4o-mini   your own key; this costs money
  agentgauge demo --format json | jq .simulated_server"""


@click.command(epilog=EXAMPLES)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--live", is_flag=True, help="Use your OPENAI_API_KEY and OPENAI_BASE_URL; this costs money.")
@click.option("--model", metavar="NAME", help="One model for every agent; with --live. [OPENAI_MODEL]")
@click.option(
    "--store", metavar="PATH", help="The store. [default: AGENTGAUGE_STORE, else the XDG data folder]"
)
@click.option(
    "--otlp", is_flag=True, help="Send the spans to the running stack, or to OTEL_EXPORTER_OTLP_ENDPOINT."
)
@click.option("--seed", type=int, default=7, show_default=True, help="Of the simulated server's usage.")
def demo(*, form: str, live: bool, model: str | None, store: str | None, otlp: bool, seed: int) -> int:
    """Run a small team of agents and show what each of them cost.

    Without --live no key and no network are needed: the real openai client talks to a simulated model
    server on this machine, which keeps books of its own, and the two are compared.
    """
    _need_openai()
    _need_recording()
    if model and not live:
        raise click.UsageError("--model needs --live: the simulated server has no other models.")
    if live and not os.environ.get("OPENAI_API_KEY"):
        raise AgentgaugeError(
            "--live needs a key. Set OPENAI_API_KEY, or leave --live out for the simulation."
        )
    path = _path(store)
    _need_writable(path)
    if otlp:
        _send_to_stack()
    progress = console(stderr=True)
    ended = _run(path, live=live, model=model or os.environ.get("OPENAI_MODEL"), seed=seed, progress=progress)
    status = _show(ended, path, form=form)
    return status or (_say_sent(path, out=console(stderr=form == "json")) if otlp else 0)


def _send_to_stack() -> None:
    """Points this process's spans to the stack that runs here, unless an endpoint is set already."""
    if read_settings().endpoint is not None:
        return
    state = read_state(find_places())
    if state is None:
        raise AgentgaugeError(
            "No stack runs here. Start one: agentgauge up. Or name the Collector to send to in "
            "OTEL_EXPORTER_OTLP_ENDPOINT."
        )
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = state.otlp_http


def _say_sent(path: Path, *, out: Console) -> int:
    """Says whether the spans arrived; returns the exit status."""
    from agentgauge.store.read import open_store  # noqa: PLC0415  # as above

    endpoint = read_settings().endpoint
    with open_store(path) as stored:
        ((waiting,),) = stored.query("SELECT count(*) FROM outbox WHERE endpoint = ?", (endpoint,))
    if waiting:
        out.print(
            f"{waiting} spans wait in {path}: {endpoint} did not take them. The next program that records "
            "there sends them. See: agentgauge status",
            soft_wrap=True,
        )
        return BROKEN
    out.print(f"All spans were taken by {endpoint}.", soft_wrap=True)
    return 0


def _need_openai() -> None:
    advice = 'Run: pip install "agentgauge[demo]"'
    try:
        found = version("openai")
    except PackageNotFoundError:
        raise AgentgaugeError(
            f"The demo drives the real openai client, which is not installed. {advice}"
        ) from None
    if tuple(int(part) for part in re.findall(r"\d+", found)[:2]) < OLDEST_OPENAI:
        raise AgentgaugeError(f"The demo needs openai 2.8 or newer, and {found} is installed. {advice}")


def _need_recording() -> None:
    settings = read_settings()
    if settings.disabled or not settings.instrument:
        name = "OTEL_SDK_DISABLED" if settings.disabled else "AGENTGAUGE_INSTRUMENT"
        value = os.environ.get(name, "")
        raise AgentgaugeError(f"{name}={value} switches recording off, so there is no bill. Unset it.")


def _path(given: str | None) -> Path:
    path = store_path(given or None)
    if path is None:
        raise AgentgaugeError(
            "The store is off (AGENTGAUGE_STORE), and the demo's report is read from it. "
            "Name a file: --store PATH."
        )
    return path


def _need_writable(path: Path) -> None:
    """Refuses a store that cannot be written before anything is spent."""
    try:
        connect(path).close()
    except (AgentgaugeError, sqlite3.Error, OSError, ValueError) as error:
        raise AgentgaugeError(
            f"The store {path} cannot be written ({error}). Name another file: --store PATH."
        ) from error


def _run(path: Path, *, live: bool, model: str | None, seed: int, progress: Console) -> Ended:
    # The program imports openai, which may not be there, and takes its time.
    from agentgauge.demo.session import run_live, run_simulated  # noqa: PLC0415

    def say(agent: str, what: str, usage: Any) -> None:
        so_far = usage.by_agent[agent]
        cost = cells.cost({"cost_nanousd": so_far.cost_nanousd, "unpriced_tokens": so_far.unpriced_tokens})
        calls = f"{so_far.calls:>2} call{' ' if so_far.calls == 1 else 's'}"
        used = f"{calls} {so_far.input_tokens:>7,} in {so_far.output_tokens:>6,} out"
        progress.print(f"  {agent:<10}  {what:<39}  {used}  {cost}", soft_wrap=True)

    whom = "your own server" if live else "a simulated model server, priced as OpenAI"
    progress.print(f"Three agents write a market report, asking {whom}. So far:", soft_wrap=True)
    if live:
        return run_live(store=path, model=model, say=say)
    return run_simulated(store=path, seed=seed, say=say)


def _show(ended: Ended, path: Path, *, form: str) -> int:
    """Prints the report and what follows it; returns the exit status."""
    from agentgauge.demo.comparison import compare  # noqa: PLC0415  # as above
    from agentgauge.report.build import build_report  # noqa: PLC0415
    from agentgauge.report.table import render_report  # noqa: PLC0415
    from agentgauge.store.read import Selection  # noqa: PLC0415

    report = build_report(path, Selection(run_id=ended.run_id))
    below = console(stderr=form == "json")
    if form == "json":
        told = None if ended.books is None else {name: ended.books[name] for name in BOOKS}
        click.echo(json.dumps(report | {"simulated_server": told}, indent=2))
    else:
        click.echo()
        render_report(report, below)
        click.echo()
    if ended.error is not None:
        return _explain(ended.error, below)
    if not report["totals"]["calls"]:
        # A store that cannot be written was logged when it was opened, and has no next commands.
        below.print(f"MISMATCH: none of the run's calls is in {path}.", style="bold red", soft_wrap=True)
        return MISMATCH
    agreed = ended.books is None or _print_comparison(compare(report, ended.books), below)
    if form == "table":
        _print_next(ended.run_id, path, below)
    return 0 if agreed else MISMATCH


def _explain(error: BaseException, out: Console) -> int:
    """What stopped the program; the report above has what was used until then."""
    if isinstance(error, KeyboardInterrupt):
        out.print("Interrupted: the report has what was used until then.")
        return INTERRUPTED
    out.print(f"error: the program stopped: {type(error).__name__}: {error}", soft_wrap=True)
    return BROKEN


def _print_comparison(compared: list[Compared], out: Console) -> bool:
    """A short list where all agree, one line per difference otherwise; returns whether all agree."""
    yes = "ok" if out.options.ascii_only else "✓"
    wrong = [(part, field, ours, told) for part in compared for field, ours, told in part.differences]
    if not wrong:
        out.print("The server's own books agree:", style="bold")
        for kind in dict.fromkeys(part.kind for part in compared):
            names = "  ".join(f"{part.name} {yes}" for part in compared if part.kind == kind)
            out.print(f"  {names}", soft_wrap=True)
        return True
    out.print("MISMATCH with the server's own books. This is a bug: please report it.", style="bold red")
    for part, field, ours, told in wrong:
        out.print(f"  {part.name}: {field} is {ours} here, {told} there", soft_wrap=True)
    return False


def _print_next(run_id: str, path: Path, out: Console) -> None:
    home = os.path.expanduser("~")  # noqa: PTH111  # a prefix of text
    shown = str(path).replace(home, "~", 1) if str(path).startswith(f"{home}{os.sep}") else str(path)
    default = store_path() == path
    store = "" if default else f" --store {shown}"
    commands: Mapping[str, str] = {
        f"agentgauge report --run {run_id[:8]}{store}": "this run again",
        f"agentgauge report --since 7d --by agent,model{store}": "a week, by agent and model",
        "agentgauge run -- python my_agent.py": "your own program, unchanged",
    }
    out.print(f"Stored in {shown}. Next:", soft_wrap=True)
    width = max(map(len, commands))
    for command, what in commands.items():
        out.print(f"  {command:<{width}}   {what}", soft_wrap=True)
