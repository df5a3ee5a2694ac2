"""Where each program of the native stack comes from: given, in the cache, on the PATH, or to be built."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentgauge.stack.shipped import StackError, shipped

if TYPE_CHECKING:
    from agentgauge.stack.places import Places

COLLECTOR_PARTS = ("builder-config.yaml", "genaiprocessor", "usageconnector")
"""Of the folder collector/: what the binary is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program of the stack.

    Attributes:
        name: what people call it.
        command: its file's name on a PATH.
        variable: the environment variable that names one.
        version: of the Go module it is built from; None when it cannot be built here.
        needs: what its --help must mention, for one that was found on the PATH.
    """

    name: str
    command: str
    variable: str
    version: str | None = None
    needs: str = ""


COLLECTOR = Program(name="collector", command="agentgauge-collector", variable="AGENTGAUGE_COLLECTOR")
PROMETHEUS = Program(
    name="prometheus",
    command="prometheus",
    variable="AGENTGAUGE_PROMETHEUS",
    version="0.314.0",
    needs="web.enable-otlp-receiver",
)
ALERTMANAGER = Program(
    name="alertmanager", command="alertmanager", variable="AGENTGAUGE_ALERTMANAGER", version="0.31.0"
)
PROMTOOL = Program(
    name="promtool", command="promtool", variable="AGENTGAUGE_PROMTOOL", version=PROMETHEUS.version
)
"""Built along with Prometheus."""
TEMPO = Program(name="tempo", command="tempo", variable="AGENTGAUGE_TEMPO")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A program's file and how it was found; `built` is False when it has to be built there first."""

    program: Program
    path: Path
    origin: str
    built: bool = True


def find(program: Program, places: Places) -> Found | None:
    """Looks for a program; None for one that is not there and cannot be built.

    Raises:
        StackError: its environment variable names no program.
    """
    if given := os.environ.get(program.variable):
        path = shutil.which(given)
        if path is None:
            raise StackError(
                f"{program.variable}={given} is no program that can be run. Correct or unset it."
            )
        return Found(program=program, path=Path(path).absolute(), origin=program.variable)
    cached = cached_path(program, places)
    if cached is not None and os.access(cached, os.X_OK):
        return Found(program=program, path=cached, origin="cache")
    on_path = shutil.which(program.command)
    if on_path is not None and _suits(program, on_path):
        return Found(program=program, path=Path(on_path).absolute(), origin="PATH")
    if cached is None:
        return None
    return Found(program=program, path=cached, origin="to be built", built=False)


def cached_path(program: Program, places: Places) -> Path | None:
    """Where a program that can be built is kept, by its version or the hash of its sources."""
    if program is COLLECTOR:
        return places.binaries / f"{program.command}-{collector_hash()}"
    return places.binaries / f"{program.command}-{program.version}" if program.version else None


def collector_hash() -> str:
    """Of the Collector's manifest and sources, tests left out."""
    folder = shipped("collector")
    total = hashlib.sha256()
    for path in collector_sources(folder):
        if not path.name.endswith("_test.go"):
            total.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            total.update(path.read_bytes() + b"\0")
    return total.hexdigest()[:12]


def collector_sources(folder: Path) -> list[Path]:
    """The files that a build needs, sorted."""
    inside = [path for part in COLLECTOR_PARTS[1:] for path in (folder / part).rglob("*")]
    embedded = {path for path in inside if path.suffix == ".json" and "testdata" not in path.parts}
    sources = [
        path
        for path in inside
        if path.suffix == ".go" or path.name in {"go.mod", "go.sum"} or path in embedded
    ]
    return sorted([folder / COLLECTOR_PARTS[0], *sources])


def _suits(program: Program, path: str) -> bool:
    if not program.needs:
        return True
    try:
        said = subprocess.run([path, "--help"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603  # found on the user's PATH
    except (OSError, subprocess.TimeoutExpired):
        return False
    return program.needs in said.stdout + said.stderr
