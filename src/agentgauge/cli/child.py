"""Runs a command in our place: its terminal, its signals, its exit status."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FORWARDED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_WATCHED = (*FORWARDED, signal.SIGCHLD)
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
_SI_KERNEL = 0x80  # <asm-generic/siginfo.h>: sent by the kernel; kill() gives SI_USER, 0


def run_child(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Runs a command to its end and passes on to it every signal that is meant for it.

    The child shares our process group, standard streams and inherited descriptors, so that it can read the
    terminal and be stopped with Ctrl-Z like any program. Signals are blocked and taken one by one instead of
    handled: none is lost between fork and wait, and each tells who sent it, which decides about Ctrl-C.

    Returns:
        The exit code, 128 + N when signal N ended it, as a shell says it.

    Raises:
        OSError: the command could not be started; `errno` says why.
    """
    # With the default action some systems discard SIGCHLD even while it is blocked.
    old_action = signal.signal(signal.SIGCHLD, lambda *_: None)
    old_mask = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    try:
        pid = os.posix_spawnp(
            command[0], command, environment, setsigmask=old_mask, setsigdef=_IGNORED_BY_PYTHON
        )
        code = _wait(pid)
        _forget_pending()
    finally:
        signal.signal(signal.SIGCHLD, old_action)
        signal.pthread_sigmask(signal.SIG_SETMASK, old_mask)
    return code if code >= 0 else 128 - code


def _wait(pid: int) -> int:
    while True:
        signum, has_it_already = _next_signal()
        if signum == signal.SIGCHLD:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
        elif not has_it_already:
            with suppress(OSError):  # it became another user's
                os.kill(pid, signum)


def _next_signal() -> tuple[int, bool]:
    """The next signal, and whether the child got it too: a terminal sends Ctrl-C to the whole group.

    Passing that one on would deliver it twice, and many servers take the second for "stop at once".
    """
    if hasattr(signal, "sigwaitinfo"):
        info = signal.sigwaitinfo(_WATCHED)
        return info.si_signo, info.si_code == _SI_KERNEL
    # macOS does not tell who sent a signal: in the foreground of a terminal it will have been a key.
    signum = signal.sigwait(_WATCHED)
    return signum, signum in {signal.SIGINT, signal.SIGQUIT} and _in_foreground()


def _in_foreground() -> bool:
    try:
        with Path("/dev/tty").open("rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _forget_pending() -> None:
    """Drops what was meant for the child and came too late; it would end us before the bill."""
    while signal.sigpending() & set(FORWARDED):
        signal.sigwait(FORWARDED)
