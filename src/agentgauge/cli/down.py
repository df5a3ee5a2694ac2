"""`agentgauge down`, `status` and `logs`: what `up` started."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click

from agentgauge.cli.terminal import console
from agentgauge.stack import containers
from agentgauge.stack.answers import is_ready
from agentgauge.stack.native import stop_native, wipe
from agentgauge.stack.places import find_places, locked
from agentgauge.stack.process import alive, last_lines
from agentgauge.stack.shipped import StackError
from agentgauge.stack.state import NATIVE, State, forget_state, read_state

if TYPE_CHECKING:
    from pathlib import Path

    from agentgauge.stack.places import Places

NOT_RUNNING = 1
_FOLLOW_S = 0.2


DOWN = """\b
Examples:
  agentgauge down          the data stays for the next `agentgauge up`
  agentgauge down --wipe   the data goes as well"""
STATUS = """\b
Examples:
  agentgauge status
  agentgauge status > /dev/null || agentgauge up   in a script"""
LOGS = """\b
Examples:
  agentgauge logs                 the last lines of every service
  agentgauge logs collector -f    one, as it goes on
  agentgauge logs prometheus -n 500"""


@click.command(epilog=DOWN)
@click.option("--wipe", "wiped", is_flag=True, help="Delete the stack's data and logs as well.")
def down(*, wiped: bool) -> None:
    """Stop the local stack; its data stays for the next `up`."""
    out, places = console(), find_places()
    with locked(places.state / "lock", waiting=lambda: out.print("Another up or down runs; waiting.")):
        state = read_state(places)
        if state is not None and state.mode != NATIVE:
            _stop_containers(places, state, wiped=wiped)
        elif state is not None:
            stop_native(places, state.living())
        if wiped:
            wipe(places)
    said = "There was no stack to stop." if state is None else "The stack is stopped."
    out.print(f"{said} Its data is deleted." if wiped else said, soft_wrap=True)


def _stop_containers(places: Places, state: State, *, wiped: bool) -> None:
    docker = containers.engine()
    if docker is None:
        raise StackError(
            "The stack runs in containers, and docker does not answer. Start docker, then repeat."
        )
    words = ["down", "--volumes"] if wiped else ["down"]
    containers.run_compose(containers.compose_command(docker, places, *words), state.ports)
    forget_state(places)


@click.command(epilog=STATUS)
def status() -> int:
    """Show what of the local stack runs; exits with 1 unless all does."""
    out, places = console(), find_places()
    state = read_state(places)
    if state is None:
        out.print("The stack does not run. Start it: agentgauge up")
        return NOT_RUNNING
    urls = containers.ready_urls(state.ports)
    names = [process.name for process in state.processes] or list(urls)
    living = {process.name: alive(process) for process in state.processes}
    fine = True
    for name in names:
        ready = is_ready(urls[name])
        word = (
            "ready"
            if ready and living.get(name, True)
            else "not ready"
            if living.get(name, True)
            else "ended"
        )
        fine &= word == "ready"
        pid = next((f"pid {process.pid}" for process in state.processes if process.name == name), "container")
        out.print(f"  {name:<13} {word:<10} {pid:<12} {urls[name]}", soft_wrap=True)
    out.print(f"  OTLP/HTTP     {state.otlp_http}", soft_wrap=True)
    if not fine:
        out.print("Not all is well: see agentgauge logs NAME, or run agentgauge up again.")
    return 0 if fine else NOT_RUNNING


@click.command(epilog=LOGS)
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on as lines are written.")
@click.option("-n", "--lines", default=50, show_default=True, help="How many of the last lines.")
def logs(*, name: str | None, follow: bool, lines: int) -> None:
    """Show the logs of the stack, or of one service of it."""
    places = find_places()
    state = read_state(places)
    if state is not None and state.mode != NATIVE:
        _container_logs(places, state, name=name, follow=follow, lines=lines)
        return
    found = sorted(places.logs.glob("*.log"))
    chosen = [path for path in found if name in {None, path.stem}]
    if not chosen:
        known = ", ".join(path.stem for path in found)
        what = f"There is no log of {name}. " if name else "There are no logs yet. "
        raise StackError(what + (f"There are: {known}." if found else "Start the stack: agentgauge up"))
    for path in chosen:
        for line in last_lines(path, lines):
            _print_line(path, line, several=len(chosen) > 1)
    if follow:
        _follow(chosen)


def _container_logs(places: Places, state: State, *, name: str | None, follow: bool, lines: int) -> None:
    docker = containers.engine()
    if docker is None:
        raise StackError(
            "The stack runs in containers, and docker does not answer. Start docker, then repeat."
        )
    words = ["logs", "--tail", str(lines), *(["--follow"] if follow else []), *([name] if name else [])]
    containers.run_compose(containers.compose_command(docker, places, *words), state.ports)


def _follow(paths: list[Path]) -> None:
    files = {path: path.open(errors="replace") for path in paths}
    for file in files.values():
        file.seek(0, os.SEEK_END)
    while True:
        moved = False
        for path, file in files.items():
            while line := file.readline():
                moved = True
                _print_line(path, line.rstrip("\n"), several=len(files) > 1)
        if not moved:
            time.sleep(_FOLLOW_S)


def _print_line(path: Path, line: str, *, several: bool) -> None:
    click.echo(f"{path.stem:<12} | {line}" if several else line)
