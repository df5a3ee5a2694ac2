"""`agentgauge doctor`: what is set, what is found, what is wrong, and what to do about it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click
from rich.text import Text

from agentgauge.cli.terminal import console, need_stdout
from agentgauge.config import read_settings, store_path
from agentgauge.doctor.examine import SCHEMA, examine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from agentgauge.doctor.finding import Finding

_PROBLEMS = 1
_MARKS = {"ok": ("✓", "green"), "note": ("·", "cyan"), "problem": ("✗", "bold red")}

EXAMPLES = """\b
Examples:
  agentgauge doctor                      of this environment and its store
  agentgauge doctor --store calls.sqlite
  agentgauge doctor --offline            without asking the OTLP endpoint
  agentgauge doctor --format json | jq '.findings[] | select(.state == "problem")'
  agentgauge doctor > /dev/null || echo "something is wrong"   in a script"""


@click.command(epilog=EXAMPLES)
@click.option(
    "--store", metavar="PATH", help="The store. [default: AGENTGAUGE_STORE, else the XDG data folder]"
)
@click.option("--offline", is_flag=True, help="Ask no endpoint.")
@click.option("--format", "form", type=click.Choice(["lines", "json"]), default="lines", show_default=True)
def doctor(*, store: str | None, offline: bool, form: str) -> int:
    """Say what is set, what is found and what is wrong; change nothing.

    It looks at the client and instrumentations, settings and where they come
    from, the store, the OTLP endpoint (with an empty request), prices that are
    missing, vocabularies and the clock. Exits with 1 if there is a problem.
    """
    need_stdout()
    findings = examine(read_settings(), os.environ, store=store_path(store or None), ask=not offline)
    problems = sum(finding.state == "problem" for finding in findings)
    if form == "json":
        rows = [finding.to_dict() for finding in findings]
        click.echo(json.dumps({"schema": SCHEMA, "problems": problems, "findings": rows}, indent=2))
    else:
        _show(console(), findings, problems)
    return _PROBLEMS if problems else 0


def _show(out: Console, findings: Sequence[Finding], problems: int) -> None:
    topic = None
    for finding in findings:
        if finding.topic != topic:
            topic = finding.topic
            out.print(Text(topic, style="bold"))
        mark, style = _MARKS[finding.state]
        out.print(Text.assemble("  ", (mark, style), f" {finding.text}"), soft_wrap=True)
        for line in (finding.next or "").splitlines():
            out.print(Text(f"      {line}"), soft_wrap=True)
    said = {0: "No problem found.", 1: "1 problem found."}.get(problems, f"{problems} problems found.")
    out.print(Text(f"\n{said}", style="bold"))
