"""`agentgauge run`: any Python program as it is, with the bill at its end."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import sysconfig
import tempfile
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agentgauge.auto.start import python_tag
from agentgauge.cli.child import run_child
from agentgauge.cli.unrecorded import INSIDE, why_nothing, why_some_not
from agentgauge.config import store_path
from agentgauge.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = Path(__file__).resolve().parents[1]
NOT_FOUND, NOT_EXECUTABLE = 127, 126
_SIGNALLED = 128
MISSING = (FileNotFoundError, NotADirectoryError)
_PYTHON = re.compile(r"(python|pypy)[\d.]*t?")
_OPTION = re.compile(r"-[bBdEhiIOPqRsSuvVx?]*(?P<kind>[cmWX])(?P<value>.*)")

EXAMPLES = """\b
Examples:
  agentgauge run -- python my_agent.py --topic refunds
  agentgauge run -- python -m my_agents.night_shift
  agentgauge run -- uvicorn app:api --workers 2
  agentgauge run --format json -- my-agent 2> bill.json"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One command and where what it records goes; `kept` is False for a store that goes with the bill."""

    id: str
    command: tuple[str, ...]
    store: Path
    kept: bool
    notes: Path


# No ignore_unknown_options: a mistyped option of ours shall be an error and not the name of a command. What
# follows the command's first word is the command's own, with or without `--`.
@click.command(context_settings={"allow_interspersed_args": False}, epilog=EXAMPLES)
@click.option("--store", metavar="PATH", help="The SQLite store; `off` keeps nothing after the bill.")
@click.option("--service", metavar="NAME", help="service.name; otherwise the script's name.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", help="How the bill is printed."
)
@click.option("--quiet", is_flag=True, help="No bill; `agentgauge report` shows the run later.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARGS]...")
@click.pass_context
def run(
    ctx: click.Context,
    *,
    store: str | None,
    service: str | None,
    form: str,
    quiet: bool,
    command: tuple[str, ...],
) -> None:
    """Run a program without changing it, and print what its agents cost.

    Every Python process below COMMAND that uses the OpenAI client is recorded. The program keeps its
    input, its output, its signals and its exit code; the bill goes to standard error.
    """
    if not command:
        raise click.UsageError("There is no command to run. Example: agentgauge run -- python my_agent.py")
    try:
        temporary = tempfile.TemporaryDirectory(prefix="agentgauge-run-", ignore_cleanup_errors=True)
    except OSError as error:
        raise click.ClickException(f"{error}. Set TMPDIR to a folder that can be written.") from error
    with temporary as folder:
        notes = Path(folder) / "notes"
        notes.mkdir()
        chosen = store_path(store)
        this = Run(
            id=uuid.uuid4().hex,
            command=command,
            store=Path(folder) / "store.sqlite" if chosen is None else chosen.absolute(),
            kept=chosen is not None,
            notes=notes,
        )
        _tell_run_outside(this)
        try:
            code = run_child(command, child_environment(os.environ, this, service=service))
        except OSError as error:
            raise NotStarted(command[0], error) from error
        if not quiet and sys.stderr is not None:  # None where it is closed
            # A reader that has gone or is tired of waiting changes nothing about how the program ended.
            with suppress(OSError, KeyboardInterrupt):
                _print_bill(this, form, code=code)
    ctx.exit(code)


def _tell_run_outside(this: Run) -> None:
    """Leaves a note for a run that this one is inside of: it will have no calls of its own to show."""
    if outside := os.environ.get("AGENTGAUGE_RUN_NOTES"):
        with suppress(OSError):
            (Path(outside) / INSIDE).write_text(this.id)


def child_environment(environ: Mapping[str, str], run: Run, *, service: str | None = None) -> dict[str, str]:
    """The environment that makes every Python below it record into this run."""
    hook = str(PACKAGE / "auto")
    # An empty entry means the current folder, so none may come in by an empty PYTHONPATH.
    theirs = environ.get("PYTHONPATH")
    others = [entry for entry in theirs.split(os.pathsep) if entry != hook] if theirs else []
    installed = (str(PACKAGE.parent), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    child = {
        **environ,
        "PYTHONPATH": os.pathsep.join([hook, *others]),
        "AGENTGAUGE_AUTO": "1",
        "AGENTGAUGE_RUN_ID": run.id,
        "AGENTGAUGE_RUN_NOTES": str(run.notes),
        "AGENTGAUGE_RUN_PATH": os.pathsep.join(dict.fromkeys(installed)),
        "AGENTGAUGE_RUN_PYTHON": python_tag(),
        "AGENTGAUGE_STORE": str(run.store),
    }
    if service:
        child["AGENTGAUGE_SERVICE"] = service
    elif not _names_service(environ):
        child["OTEL_SERVICE_NAME"] = service_of(run.command)
    return child


def _names_service(environ: Mapping[str, str]) -> bool:
    return bool(
        environ.get("AGENTGAUGE_SERVICE")
        or environ.get("OTEL_SERVICE_NAME")
        or re.search(r"(^|,)\s*service\.name\s*=", environ.get("OTEL_RESOURCE_ATTRIBUTES", ""))
    )


def service_of(command: tuple[str, ...]) -> str:
    """The name of what a command runs, script, module or program: `my_agent` of `python -u my_agent.py`."""
    program = Path(command[0]).name
    if not _PYTHON.fullmatch(program):
        return program.removesuffix(".py")
    words = iter(command[1:])
    for word in words:
        option = _OPTION.fullmatch(word)
        if option is None and not word.startswith("-"):
            path = Path(word).absolute()
            return path.parent.name if path.name == "__main__.py" else path.stem
        if option is not None:
            value = option["value"] or next(words, "")
            if option["kind"] in "cm":
                return value if value and option["kind"] == "m" else program
    return program


class NotStarted(click.ClickException):
    """A command that could not be started; the exit status is the one that shells give it."""

    def __init__(self, program: str, error: OSError) -> None:
        super().__init__(_why(program, error))
        self.exit_code = NOT_FOUND if isinstance(error, MISSING) else NOT_EXECUTABLE  # type: ignore[misc]  # as click's own Exit does


def _why(program: str, error: OSError) -> str:
    """What is wrong with a command that could not be started, and what to do."""
    if program.endswith(".py") and Path(program).is_file():
        return f"{program} is no command. Run it as: agentgauge run -- python {program}"
    if not isinstance(error, MISSING):
        return f"{program} cannot be run: {error.strerror}."
    if "/" in program and Path(program).exists():
        return f"{program} cannot be run: the interpreter in its first line does not exist."
    hint = " Is it python3 here?" if program == "python" else ""
    return f"{program}: command not found.{hint} Example: agentgauge run -- python my_agent.py"


def _print_bill(this: Run, form: str, *, code: int) -> None:
    # A program that cannot even be started should not wait for what prints tables.
    from agentgauge.cli.terminal import console  # noqa: PLC0415
    from agentgauge.report.build import build_report  # noqa: PLC0415
    from agentgauge.report.table import render_bill  # noqa: PLC0415
    from agentgauge.store.read import Selection, open_store  # noqa: PLC0415

    try:
        report = build_report(this.store, Selection(run_id=this.id))
        with open_store(this.store) as store:
            ((processes,),) = store.query("SELECT count(*) FROM processes WHERE run_id = ?", (this.id,))
    except StoreError as error:
        click.echo(f"agentgauge: no bill. {error}", err=True)
        return
    report["warnings"] += _remarks(this, report, processes=processes, code=code)
    if form == "json":
        click.echo(json.dumps(report, indent=2), err=True)
    elif processes:
        render_bill(report, console(stderr=True))
    else:
        click.echo(f"agentgauge: {report['warnings'][-1]['message']}", err=True)


def _remarks(this: Run, report: Mapping[str, Any], *, processes: int, code: int) -> list[dict[str, str]]:
    """Warnings of what the numbers alone would hide."""
    if not processes:
        place = this.store if this.kept else None
        text = f"no process of this run reported, so there is no bill. {why_nothing(this.notes, store=place)}"
        return [{"code": "no_process", "message": text}]
    found = []
    if not report["totals"]["calls"]:
        found.append({"code": "no_calls", "message": _no_calls(processes, code)})
    if missing := why_some_not(this.notes):
        found.append({"code": "unrecorded_process", "message": missing})
    return found


def _no_calls(processes: int, code: int) -> str:
    """What is known when the store has no call of a run: not that none was made."""
    were = "1 process was" if processes == 1 else f"{processes:,} processes were"
    of = "it" if processes == 1 else "them"
    known = f"{were} recorded, and no model call of {of} is in the store."
    if code == _SIGNALLED + signal.SIGKILL:
        return f"{known} The command ended by SIGKILL, which loses what is not stored yet."
    return f"{known} If some were made: a process that is killed, or leaves by os._exit, loses its last ones."
