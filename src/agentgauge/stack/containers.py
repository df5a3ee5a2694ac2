"""Starts and stops the stack as containers, by docker compose."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from agentgauge.stack.answers import is_ready
from agentgauge.stack.ports import HOST, NAMES
from agentgauge.stack.shipped import StackError, shipped
from agentgauge.stack.state import CONTAINERS, State, write_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from agentgauge.stack.golang import Say
    from agentgauge.stack.places import Places
    from agentgauge.stack.ports import Ports

_PROBE_S = 15
_READY_S = 180.0
_POLL_S = 0.5
_NEEDED = ("collector", "deploy", "dashboards")
_INSIDE_ONLY = {"tempo_otlp", "tempo_grpc"}
PUBLISHED = tuple(name for name in NAMES if name not in _INSIDE_ONLY)


def engine() -> str | None:
    """The path of docker when its daemon answers and it has the compose plugin."""
    docker = shutil.which("docker")
    if docker is None:
        return None
    for probe in (["compose", "version"], ["info"]):
        try:
            asked = subprocess.run([docker, *probe], capture_output=True, timeout=_PROBE_S, check=False)  # noqa: S603  # fixed words
        except (OSError, subprocess.TimeoutExpired):
            return None
        if asked.returncode != 0:
            return None
    return docker


def compose_command(docker: str, places: Places, *words: str) -> list[str]:
    """A docker compose command line for our project."""
    file = places.state / "containers" / "deploy" / "compose" / "compose.yaml"
    return [docker, "compose", "--file", str(file), *words]


def start_containers(docker: str, places: Places, ports: Ports, *, overlay: Path | None, say: Say) -> State:
    """Builds the Collector's image if need be, starts all, waits until each answers.

    Raises:
        StackError: compose failed, or a service is not ready in time.
    """
    lay_out(places, overlay=overlay)
    state = State(mode=CONTAINERS, ports=ports, traces="tempo", overlay=str(overlay) if overlay else None)
    write_state(places, state)
    say("containers: building and starting; the first time takes some minutes")
    run_compose(compose_command(docker, places, "up", "--detach", "--build", "--remove-orphans"), ports)
    for name, url in ready_urls(ports).items():
        until = time.monotonic() + _READY_S
        while not is_ready(url):
            if time.monotonic() > until:
                raise StackError(
                    f"{name} is not ready after {_READY_S:.0f} s ({url}). See: agentgauge logs {name}; "
                    "stop all with: agentgauge down"
                )
            time.sleep(_POLL_S)
        say(f"{name}: ready")
    return state


def lay_out(places: Places, *, overlay: Path | None) -> None:
    """Copies what the containers mount, with the user's files over ours, to a place that lasts."""
    folder = places.state / "containers"
    shutil.rmtree(folder, ignore_errors=True)
    for name in _NEEDED:
        for root in (shipped(name), None if overlay is None else overlay / name):
            if root is not None and root.is_dir():
                ignored = shutil.ignore_patterns("build")
                shutil.copytree(root, folder / name, dirs_exist_ok=True, ignore=ignored)


def ready_urls(ports: Ports) -> dict[str, str]:
    """Service -> the URL that answers 200 once it is ready."""
    return {
        "collector": f"http://{HOST}:{ports.collector_health}/",
        "prometheus": f"http://{HOST}:{ports.prometheus}/-/ready",
        "alertmanager": f"http://{HOST}:{ports.alertmanager}/-/ready",
        "tempo": f"http://{HOST}:{ports.tempo}/ready",
        "grafana": f"http://{HOST}:{ports.grafana}/api/health",
    }


def run_compose(command: Sequence[str], ports: Ports) -> None:
    """Runs docker compose in our terminal.

    Raises:
        StackError: it failed; its own words are above.
    """
    numbers = {f"AGENTGAUGE_PORT_{name.upper()}": str(port) for name, port in asdict(ports).items()}
    done = subprocess.run(command, env={**os.environ, **numbers}, stdin=subprocess.DEVNULL, check=False)  # noqa: S603  # our own words
    if done.returncode != 0:
        raise StackError(
            f"docker compose ended with {done.returncode}; what it said is above. "
            "Without containers: agentgauge up --native"
        )
