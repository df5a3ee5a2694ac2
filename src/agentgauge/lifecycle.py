"""The ends and forks of a process: flush within a bounded time, lose nothing, keep exit codes."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from agentgauge import instrument, ledger, servers
from agentgauge.guard import guarded, warn_once
from agentgauge.pipeline import runtime
from agentgauge.pipeline.lent import take_back_global
from agentgauge.remote import clients
from agentgauge.scopes import propagation

if TYPE_CHECKING:
    from types import FrameType

SIGTERM_FLUSH_S = 2.0
FORK_WAIT_S = 2.0
FIRST_FINALIZERS = 10
"""multiprocessing runs finalizers of a high priority before it joins its own threads and children."""
_installed: set[str] = set()


def shutdown(*, timeout_s: float | None = None) -> bool:
    """Ends what is open, stores and sends what has ended, and stops recording.

    Streams that nobody closed are ended as cancelled, with what has come. Safe to call twice, or without
    `init`; afterwards `init` starts anew.

    Args:
        timeout_s: the longest that it may take; the setting `flush_timeout_s` when None.

    Returns:
        True when all of this process was stored, and sent where there is an endpoint; what could not be
        sent stays in the store.
    """
    active = runtime.active()
    if active is None:
        return True
    limit = active.settings.flush_timeout_s if timeout_s is None else timeout_s
    deadline = time.monotonic() + limit
    done = False
    with guarded("shutting down"):
        done = flush(timeout_s=limit)
        if not done:
            warn_once(
                "unstored",
                f"Not all calls of this process could be stored within {limit:g} s; what is left is lost. If "
                "another process holds the store, end it; AGENTGAUGE_FLUSH_TIMEOUT waits longer.",
                lost=True,
            )
        clients.stop()
        instrument.stop()
        propagation.stop()
        servers.leave_alone()
        take_back_global()
        _leave_sigterm()
        if active.sender is not None:
            done = active.sender.drain(timeout_s=max(0.0, deadline - time.monotonic())) and done
            active.sender.stop(timeout_s=max(0.0, deadline - time.monotonic()))
        done = done and active.pipeline.store.problem is None
        active.pipeline.store.close()
    runtime.activate(None)
    return done


def flush(*, timeout_s: float) -> bool:
    """Ends what is open and stores what has ended; False when the time ran out."""
    active = runtime.active()
    if active is None:
        return True
    deadline = time.monotonic() + timeout_s
    done = False
    # Daemon threads go on meanwhile, so what they began in the first round, the slow one, gets a second.
    for _ in range(2):
        active.pipeline.end_open_calls()
        done = active.pipeline.flush(timeout_s=max(0.0, deadline - time.monotonic()))
    return done


def store_ended(*, timeout_s: float) -> bool:
    """Stores what has ended and leaves what is open; False when the time ran out."""
    active = runtime.active()
    return active is None or active.pipeline.flush(timeout_s=timeout_s)


def install() -> None:
    """Hooks into exit, SIGTERM and fork, once a process."""
    if "exit" not in _installed:
        _installed.add("exit")
        atexit.register(shutdown)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
    _finish_with_multiprocessing()
    _watch_multiprocessing()  # a child of a forkserver starts us before multiprocessing drops all finalizers
    _install_sigterm()
    servers.watch()


def _finish_with_multiprocessing() -> None:
    """A child that starts us only after the fork leaves by os._exit as well."""
    process: Any = sys.modules.get("multiprocessing.process")
    util: Any = sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, shutdown, exitpriority=FIRST_FINALIZERS)


def _install_sigterm() -> None:
    """SIGTERM ends Python without its exit handlers; only where nobody handles it do we step in."""
    if threading.current_thread() is not threading.main_thread():
        return
    with guarded("watching for SIGTERM"):
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _on_sigterm)


def _leave_sigterm() -> None:
    """Leaves SIGTERM as it was found; only the main thread may."""
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is _on_sigterm
    ):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _on_sigterm(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # a signal handler's form
    active = runtime.active()
    limit = min(SIGTERM_FLUSH_S, active.settings.flush_timeout_s) if active else 0.0
    shutdown(timeout_s=limit)
    # The usual death, so that whoever waits for this process sees the usual exit status.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _before_fork() -> None:
    """No thread of ours may hold a lock at the fork: the child would wait for it for ever."""
    active = runtime.active()
    if active is not None:
        active.pipeline.pause(timeout_s=FORK_WAIT_S)
        _watch_multiprocessing()


def _in_parent() -> None:
    active = runtime.active()
    if active is not None:
        active.pipeline.resume()


def _in_child() -> None:
    active = runtime.active()
    ledger.after_fork()
    if active is not None:
        active.pipeline.after_fork()
        if active.sender is not None:
            active.sender.after_fork()


def _watch_multiprocessing() -> None:
    """Children of multiprocessing leave by os._exit, which runs its finalizers but no exit handlers."""
    if "multiprocessing" in _installed or "multiprocessing.util" not in sys.modules:
        return
    _installed.add("multiprocessing")
    with guarded("watching multiprocessing"):
        util: Any = sys.modules["multiprocessing.util"]
        util.register_after_fork(
            _token, lambda _: util.Finalize(None, shutdown, exitpriority=FIRST_FINALIZERS)
        )


class _Token:
    """Something that multiprocessing can hold weakly; it lives as long as the process."""


_token = _Token()
