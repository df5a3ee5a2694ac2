"""Processes that outlive the command that started them, and are never mistaken for another."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_POLL_S = 0.05
_KILLED_S = 5.0
_STATE, _START = 0, 19  # fields 3 and 22 of proc_pid_stat(5), counted from behind the name


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A process that was started: `born` tells it from a later process with the same pid."""

    name: str
    pid: int
    born: str
    log: str


def start(name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> Running:
    """Starts a program in a session of its own, its output going to a log; the last run's is kept as .1.

    Raises:
        OSError: it could not be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # the command is ours
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # It is to outlive us: no warning that it still runs when we end.
    process.returncode = 0
    return Running(name=name, pid=process.pid, born=birth(process.pid) or "", log=str(log))


def birth(pid: int) -> str | None:
    """When a process was started, as this system tells it; None when there is no such process."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of ours that ended would stay as a zombie
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _birth_by_ps(pid)
    except ProcessLookupError:
        return None
    behind_name = stat.rpartition(")")[2].split()
    if behind_name[_STATE] in "ZX":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{behind_name[_START]}"


def _birth_by_ps(pid: int) -> str | None:
    asked = subprocess.run(  # noqa: S603  # a pid is a number
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607  # ps is where the system has it
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, born = asked.stdout.strip().partition(" ")
    return None if not born or state.startswith("Z") else born.strip()


def alive(process: Running) -> bool:
    """Whether this very process runs, not another one that got its pid."""
    return bool(process.born) and birth(process.pid) == process.born


def end(processes: Sequence[Running], *, timeout_s: float) -> None:
    """Asks processes to end, all at once, and kills those that have not after the timeout."""
    for process in processes:
        send(process, signal.SIGTERM)
    if not _gone(processes, timeout_s=timeout_s):
        for process in processes:
            send(process, signal.SIGKILL)
        _gone(processes, timeout_s=_KILLED_S)


def send(process: Running, number: signal.Signals) -> None:
    """Sends a signal to a process if it is still itself."""
    if not hasattr(os, "pidfd_open"):
        if alive(process):
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)
        return
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(process.pid)
        try:
            # Checked behind the open handle: no other process can be meant by it any more.
            if alive(process):
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)


def _gone(processes: Sequence[Running], *, timeout_s: float) -> bool:
    until = time.monotonic() + timeout_s
    while any(alive(process) for process in processes):
        if time.monotonic() > until:
            return False
        time.sleep(_POLL_S)
    return True


def last_lines(log: Path, count: int) -> list[str]:
    """The end of a log; a missing one has no lines."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 64_000))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return []
