"""Builds programs of the stack with Go, once, into the cache."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentgauge.stack.binaries import COLLECTOR, Found, collector_sources
from agentgauge.stack.places import locked
from agentgauge.stack.process import last_lines
from agentgauge.stack.shipped import StackError, shipped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from agentgauge.stack.places import Places

Say = Callable[[str], None]
"""Told about each step, in one line."""

_BUILDER = "go.opentelemetry.io/collector/cmd/builder"
_MODULES = {
    "prometheus": "github.com/prometheus/prometheus",
    "alertmanager": "github.com/prometheus/alertmanager",
}
_COMMANDS = {"prometheus": ("prometheus", "promtool"), "alertmanager": ("alertmanager",)}
_MINUTES = {"collector": 5, "prometheus": 11, "alertmanager": 3}
"""About, on two cores with nothing in Go's own cache."""
_SAY_EVERY_S = 30.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phase:
    what: str
    command: Sequence[str]


def need_go(missing: Sequence[Found]) -> str:
    """The path of Go.

    Raises:
        StackError: there is none; says what else would do.
    """
    go = shutil.which("go")
    if go is None:
        names = ", ".join(found.program.name for found in missing)
        variables = ", ".join(found.program.variable for found in missing)
        raise StackError(
            f"There is no binary of {names}, and no Go to build one. Either install Go "
            f"(https://go.dev/dl) and run this again, or download the binaries and name them in {variables}, "
            "or install docker with its compose plugin and run agentgauge up without --native."
        )
    return go


def build(found: Found, places: Places, *, say: Say) -> None:
    """Builds one program into the cache; another process that builds it is waited for.

    Raises:
        StackError: the build failed; has the end of its log.
    """
    name = found.program.name
    lock = places.cache / "build" / f"{name}.lock"
    with locked(lock, waiting=lambda: say(f"{name}: another process builds it; waiting")):
        if found.path.exists():
            return
        go = need_go([found])
        folder = places.cache / "build" / found.path.name
        log = folder.with_name(f"{folder.name}.build.log")
        began = time.monotonic()
        say(f"{name}: building it from source, once; about {_MINUTES[name]} minutes on two cores")
        phases = _collector(folder, go=go) if found.program is COLLECTOR else _module(found, folder, go=go)
        log.write_bytes(b"")
        for phase in phases:
            _run(phase, folder, log=log, name=name, say=say)
        places.binaries.mkdir(parents=True, exist_ok=True)
        for made, kept in _products(found, folder):
            made.replace(kept)
        shutil.rmtree(folder, ignore_errors=True)
        say(f"{name}: built in {_clock(time.monotonic() - began)}")


def _collector(folder: Path, *, go: str) -> list[_Phase]:
    """Copies the sources, since an installed package may be read-only, and gives the builder's run."""
    sources = shipped("collector")
    shutil.rmtree(folder, ignore_errors=True)
    for path in collector_sources(sources):
        copy = folder / path.relative_to(sources)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    manifest = (folder / "builder-config.yaml").read_text()
    version = re.search(rf"{re.escape(_BUILDER)}@(v[\d.]+)", manifest)
    assert version is not None
    command = [go, "run", f"{_BUILDER}@{version[1]}", "--config=builder-config.yaml"]
    return [_Phase(what="compiling", command=command)]


def _module(found: Found, folder: Path, *, go: str) -> list[_Phase]:
    name = found.program.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    packages = [f"{_MODULES[name]}/cmd/{command}" for command in _COMMANDS[name]]
    pinned = [f"{package}@v{found.program.version}" for package in packages]
    return [
        _Phase(what="preparing", command=[go, "mod", "init", "agentgauge-stack"]),
        _Phase(what="downloading", command=[go, "get", *pinned]),
        _Phase(what="compiling", command=[go, "build", "-o", f"{folder / 'out'}{os.sep}", *packages]),
    ]


def _products(found: Found, folder: Path) -> list[tuple[Path, Path]]:
    """(what was made, where it is kept)."""
    if found.program is COLLECTOR:
        return [(folder / "build" / found.program.command, found.path)]
    version = found.program.version
    commands = _COMMANDS[found.program.name]
    return [(folder / "out" / command, found.path.with_name(f"{command}-{version}")) for command in commands]


def _run(phase: _Phase, folder: Path, *, log: Path, name: str, say: Say) -> None:
    # One compiler at a time keeps the link steps within the memory of a small machine.
    flags = f"{os.environ.get('GOFLAGS', '')} -buildvcs=false {'-p=1' if name == 'collector' else ''}"
    environment = {**os.environ, "GOFLAGS": flags.strip(), "GOWORK": "off"}
    say(f"{name}: {phase.what}")
    began = said = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  # the command is ours
            phase.command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                time.sleep(_POLL_S)
                if time.monotonic() - said > _SAY_EVERY_S:
                    said = time.monotonic()
                    say(f"{name}: {phase.what}, {_clock(said - began)} so far")
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # Go and the compilers that it started
            process.wait()
            raise
    if process.returncode != 0:
        tail = "\n  ".join(last_lines(log, 15))
        raise StackError(
            f"{name} could not be built ({phase.what} ended with {process.returncode}). The end of {log}:\n"
            f"  {tail}\nIs there a network, or does GOPROXY name a module proxy that answers?"
        )


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
