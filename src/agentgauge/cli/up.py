"""`agentgauge up`, `down`, `status` and `logs`: the local stack."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agentgauge.cli.stack_lines import show_left_out, show_running
from agentgauge.cli.terminal import console
from agentgauge.stack import containers
from agentgauge.stack.interrupts import interrupt_on_sigterm
from agentgauge.stack.native import build_missing, start_native, stop_native
from agentgauge.stack.places import find_places, locked
from agentgauge.stack.plan import make_plan
from agentgauge.stack.ports import Ports, need_free, parse_ports
from agentgauge.stack.reload import reload_native
from agentgauge.stack.shipped import StackError, overlay_folder
from agentgauge.stack.state import NATIVE, read_state

if TYPE_CHECKING:
    from rich.console import Console

    from agentgauge.stack.places import Places


EXAMPLES = """\b
Examples:
  agentgauge up                          containers where docker answers, else --native
  agentgauge up --native --ports auto    processes of this machine, on free ports
  agentgauge up --dry-run                what would be started"""


@click.command(epilog=EXAMPLES)
@click.option("--native", is_flag=True, help="Processes of this machine, no containers.")
@click.option("--dry-run", is_flag=True, help="Show what would be started, and do nothing.")
@click.option("--only-build", is_flag=True, help="Find or build the native binaries, and start nothing.")
@click.option(
    "--ports",
    metavar="NAME=PORT,...",
    multiple=True,
    help="Other ports than the usual; `auto` for free ones.",
)
@click.option(
    "--config",
    "config",
    metavar="FOLDER",
    help="Its files replace ours of the same path, as deploy/alertmanager/alertmanager.yml or "
    "dashboards/rules. [default: the current folder if it has dashboards/rules]",
)
def up(*, native: bool, dry_run: bool, only_build: bool, ports: tuple[str, ...], config: str | None) -> None:
    """Start Collector, Prometheus, Alertmanager, Tempo and Grafana on this machine.

    In containers where docker compose works; with --native, or without an engine, from binaries that are
    found or built once. Where the stack runs already, new rules and configs are read. Data is kept.
    """
    out = console()
    chosen, overlay, places = parse_ports(ports), overlay_folder(config), find_places()
    docker = None if native or only_build else containers.engine()
    if dry_run:
        _show_plan(places, chosen, docker=docker, out=out)
        return
    interrupt_on_sigterm()

    def say(text: str) -> None:
        out.print(f"  {text}", soft_wrap=True)

    if only_build:
        for found in build_missing(places, chosen, say=say).programs:
            say(f"{found.program.name}: {found.path}")
        return
    with locked(places.state / "lock", waiting=lambda: say("another agentgauge up or down runs; waiting")):
        known = read_state(places)
        if known is not None:
            # Programs send to its ports, and its rules are the user's: both stay unless others are named.
            chosen = chosen if ports else known.ports
            overlay = overlay or (Path(known.overlay) if known.overlay else None)
        if _reloaded(places, chosen, overlay=overlay, out=out):
            return
        in_containers = read_state(places) is not None
        if in_containers and not docker:
            raise StackError(
                "The stack runs in containers. Stop it first: agentgauge down (docker must answer for that)."
            )
        if docker:
            if not in_containers:
                need_free(chosen, containers.PUBLISHED)
            state = containers.start_containers(docker, places, chosen, overlay=overlay, say=say)
            left_out: tuple[str, ...] = ()
        else:
            why = (
                "" if native else " No docker with a compose plugin answers, so as processes of this machine."
            )
            out.print(f"Starting the stack.{why}", soft_wrap=True)
            state, plan = start_native(places, chosen, overlay=overlay, say=say)
            left_out = plan.left_out
    show_running(state, out=out, left_out=left_out)


def _reloaded(places: Places, ports: Ports, *, overlay: Path | None, out: Console) -> bool:
    """Deals with a stack that runs already; False when there is none, or a broken one was cleared away."""
    state = read_state(places)
    if state is None:
        return False
    if state.mode != NATIVE:
        return False  # compose itself leaves running what has not changed
    if len(state.living()) < len(state.processes) or not state.processes:
        stop_native(places, state.living())
        return False
    whole = reload_native(places, state, overlay=overlay)
    out.print("The stack runs already; Prometheus and Alertmanager have read their rules and configs again.")
    if not whole:
        out.print("The Collector's config is new and not in effect: run agentgauge down, then up.")
    if ports != state.ports:
        out.print("It keeps its ports: for others, run agentgauge down, then up.")
    show_running(replace(state, overlay=str(overlay) if overlay else None), out=out, left_out=())
    return True


def _show_plan(places: Places, ports: Ports, *, docker: str | None, out: Console) -> None:
    if docker:
        command = containers.compose_command(docker, places, "up", "--detach", "--build")
        out.print("In containers:", soft_wrap=True)
        out.print(f"  {shlex.join(command)}", soft_wrap=True)
        return
    plan = make_plan(places, ports)
    out.print("As processes of this machine:")
    for found in plan.programs:
        out.print(f"  {found.program.name}: {found.path} ({found.origin})", soft_wrap=True)
    out.print("\nCommands:")
    for service in plan.services:
        out.print(f"  {shlex.join(service.command)}", soft_wrap=True)
    show_left_out(plan.left_out, out=out)
