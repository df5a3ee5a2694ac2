"""Carries scopes to processes: the tasks of pools, and processes that a program starts itself.

What is started by fork inherits its scope. By spawn and forkserver it is pickled with the process, and so is
what starts recording there, for a program whose `init` is not run again in the child.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context

from agentgauge.guard import guarded
from agentgauge.importhook import when_imported
from agentgauge.scopes.carried import InProcess, Passport, attached
from agentgauge.scopes.threads import in_thread, serves_many

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from agentgauge.config_values import Propagation
    from agentgauge.patches import Patches

    Method = Callable[..., Any]
    Start = Callable[[], None]

_POOL_METHODS = ("apply_async", "_map_async", "imap", "imap_unordered")
"""All others of a pool come down to these; each takes the function first."""


def install(patches: Patches, chosen: Callable[[], Propagation], start: Start) -> None:
    """Carries scopes for as long as `chosen` says so; modules that nobody uses are not imported for it.

    Args:
        patches: where the wrappers are put.
        chosen: the setting.
        start: starts recording in a child, unless it has done so by itself; it is pickled.
    """

    def submit(original: Method) -> Method:
        def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            return original(self, _in_process(fn, chosen()), *args, **kwargs)

        return submit

    def process_start(original: Method) -> Method:
        def process_start(self: Any) -> Any:
            run = _run_for(self, chosen(), start)
            return original(self) if run is None else run.started_by(original)

        return process_start

    def executor(module: ModuleType) -> None:
        patches.put(module.ProcessPoolExecutor, "submit", submit)

    def process(module: ModuleType) -> None:
        patches.put(module.BaseProcess, "start", process_start)

    def pool(module: ModuleType) -> None:
        for name in _POOL_METHODS:
            patches.put(module.Pool, name, _handing_over(module.ThreadPool, chosen))

    def unless_ended(put: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        return lambda module: put(module) if chosen() != "off" else None

    when_imported("concurrent.futures.process", unless_ended(executor))
    when_imported("multiprocessing.process", unless_ended(process))
    when_imported("multiprocessing.pool", unless_ended(pool))


def _handing_over(threads: type, chosen: Callable[[], Propagation]) -> Callable[[Method], Method]:
    def wrapper(original: Method) -> Method:
        def hand_over(self: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
            carry = in_thread if isinstance(self, threads) else _in_process
            return original(self, carry(func, chosen()), *args, **kwargs)

        return hand_over

    return wrapper


def _in_process(function: Any, chosen: Propagation) -> Any:
    """The function, to be run in the scope that is open here; as it is, where there is none."""
    if chosen != "off" and callable(function):
        with guarded("carrying a scope to a process"):
            passport = Passport.here()
            if passport is not None:
                return InProcess(function, passport)
    return function


def _run_for(process: Any, chosen: Propagation, start: Start) -> _Run | None:
    with guarded("carrying a scope to a process"):
        if chosen == "off":
            return None
        if serves_many(process):
            return _Run(process, None, start)
        if chosen != "tasks":
            return _Run(process, Passport.here(), start)
    return None


class _Run:
    """Stands in for the `run` of a process while it starts, and goes with it into the child."""

    def __init__(self, process: Any, passport: Passport | None, start: Start) -> None:
        self._process = process
        self._passport = passport
        self._start = start
        self._before = {name: run for name, run in vars(process).items() if name == "run"}
        self._forked = True

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_forked": False}

    def started_by(self, start: Method) -> Any:
        vars(self._process)["run"] = self
        try:
            return start(self._process)
        finally:
            self._restore()

    def _restore(self) -> None:
        own = vars(self._process)
        own.pop("run", None)
        own.update(self._before)

    def __call__(self) -> None:
        self._restore()
        with guarded("starting in a child"):
            self._start()
        if self._passport is not None and self._forked:
            self._process.run()  # in the very scope that it was started in
            return
        # A worker of a pool was started by whoever came first, and serves all.
        with attached(self._passport.context() if self._passport is not None else Context()):
            self._process.run()
