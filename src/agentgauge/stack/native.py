"""Starts and stops the stack as processes of this machine."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentgauge.stack import process
from agentgauge.stack.answers import is_ready
from agentgauge.stack.configs import write_configs
from agentgauge.stack.golang import build, need_go
from agentgauge.stack.interrupts import put_off
from agentgauge.stack.plan import make_plan
from agentgauge.stack.ports import need_free
from agentgauge.stack.services import child_environment
from agentgauge.stack.shipped import StackError
from agentgauge.stack.state import NATIVE, State, forget_state, write_state

if TYPE_CHECKING:
    from agentgauge.stack.golang import Say
    from agentgauge.stack.places import Places
    from agentgauge.stack.plan import Plan
    from agentgauge.stack.ports import Ports
    from agentgauge.stack.process import Running
    from agentgauge.stack.services import Service

_POLL_S = 0.1
_LINES = 12
_STOP_S = {"tempo": 90.0}
_STOP_DEFAULT_S = 20.0


def build_missing(places: Places, ports: Ports, *, say: Say) -> Plan:
    """Builds what was not found; returns what to run.

    Raises:
        StackError: there is no Go, or a build failed.
    """
    plan = make_plan(places, ports)
    if plan.missing:
        need_go(plan.missing)
        for found in plan.missing:
            build(found, places, say=say)
        plan = make_plan(places, ports)
    return plan


def start_native(places: Places, ports: Ports, *, overlay: Path | None, say: Say) -> tuple[State, Plan]:
    """Starts all services and waits until each is ready; leaves nothing running when that fails.

    Raises:
        StackError: a port is taken, a binary is missing, or a service died or did not become ready.
    """
    plan = build_missing(places, ports, say=say)
    need_free(ports, [name for service in plan.services for name in service.ports])
    write_configs(places, ports, overlay=overlay)
    state = State(
        mode=NATIVE, ports=ports, traces=plan.traces, overlay=None if overlay is None else str(overlay)
    )
    started: list[Running] = []
    try:
        for service in plan.services:
            with put_off():
                started.append(_start(service, places))
                state = replace(state, processes=tuple(started))
                write_state(places, state)
        for service, running in zip(plan.services, started, strict=True):
            _wait_ready(service, running)
            say(f"{service.name}: ready")
    except BaseException:
        with put_off():
            stop_native(places, started)
        raise
    return state, plan


def stop_native(places: Places, processes: list[Running] | tuple[Running, ...]) -> None:
    """Stops the Collector first: what it cannot hand on stays in its queues on disk; forgets all."""
    for first in (True, False):
        wave = [one for one in processes if (one.name == "collector") is first]
        if wave:
            process.end(wave, timeout_s=max(_STOP_S.get(one.name, _STOP_DEFAULT_S) for one in wave))
    forget_state(places)


def wipe(places: Places) -> None:
    """Deletes data, logs and configs of the stack; the binaries stay in the cache."""
    for folder in (places.data, places.logs, places.config):
        shutil.rmtree(folder, ignore_errors=True)


def _start(service: Service, places: Places) -> Running:
    (places.data / service.name).mkdir(parents=True, exist_ok=True)
    try:
        return process.start(
            service.name,
            service.command,
            environment=child_environment(service),
            log=places.logs / f"{service.name}.log",
        )
    except OSError as error:
        raise StackError(f"{service.command[0]} cannot be run: {error.strerror}.") from error


def _wait_ready(service: Service, running: Running) -> None:
    until = time.monotonic() + service.ready_s
    while not is_ready(service.ready):
        if not process.alive(running):
            raise StackError(f"{service.name} ended while it started. {_tail(running)}")
        if time.monotonic() > until:
            raise StackError(
                f"{service.name} was not ready after {service.ready_s:.0f} s ({service.ready}). "
                f"{_tail(running)}"
            )
        time.sleep(_POLL_S)


def _tail(running: Running) -> str:
    lines = process.last_lines(Path(running.log), _LINES)
    kept = Path(running.log)
    return "\n  ".join([f"The end of {kept}:", *lines]) if lines else f"It wrote nothing to {kept}."
