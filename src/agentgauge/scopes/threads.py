"""Carries scopes to the threads of pools, and to threads that a program starts itself."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from types import MethodType
from typing import TYPE_CHECKING, Any

from agentgauge.guard import guarded
from agentgauge.scopes.carried import InThread, attached, context_here

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context

    from agentgauge.config_values import Propagation
    from agentgauge.patches import Patches

    Method = Callable[..., Any]

_STOCK = ("agentgauge.pipeline.", "concurrent.futures.", "multiprocessing.")
"""Modules whose threads and processes serve many: what they run is carried task by task."""

_started = {"off": (), "tasks": (), "threads": (False,), "all": (False, True)}
"""Setting -> `daemon` of the threads that take along the scope they are started in."""


def install(patches: Patches, chosen: Callable[[], Propagation]) -> None:
    """Carries scopes for as long as `chosen` says so.

    `submit` covers `map`, `loop.run_in_executor` and `asyncio.to_thread`, which end there.
    """

    def submit(original: Method) -> Method:
        def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            return original(self, in_thread(fn, chosen()), *args, **kwargs)

        return submit

    def add_done_callback(original: Method) -> Method:
        def add_done_callback(self: Any, fn: Any) -> Any:
            return original(self, in_thread(fn, chosen()))

        return add_done_callback

    def start(original: Method) -> Method:
        def start(self: threading.Thread) -> Any:
            context = _context_for(self, chosen())
            return original(self) if context is None else _start_in(self, original, context)

        return start

    patches.put(ThreadPoolExecutor, "submit", submit)
    patches.put(Future, "add_done_callback", add_done_callback)
    patches.put(threading.Thread, "start", start)


def in_thread(function: Any, chosen: Propagation) -> Any:
    """The function, to be run in the scope that is open here; as it is, where there is none."""
    if chosen != "off" and callable(function):
        with guarded("carrying a scope to a thread"):
            context = context_here()
            if context is not None:
                return InThread(function, context)
    return function


def serves_many(worker: Any) -> bool:
    """Whether what a thread or process is to run is the loop of a pool's worker."""
    return _is_stock(vars(worker).get("_target"))


def _is_stock(what: Any) -> bool:
    return str(getattr(what, "__module__", "")).startswith(_STOCK)


def _context_for(thread: threading.Thread, chosen: Propagation) -> Context | None:
    with guarded("carrying a scope to a thread"):
        if thread.daemon in _started[chosen] and not (serves_many(thread) or _is_stock(type(thread))):
            return context_here()
    return None


def _start_in(thread: threading.Thread, start: Method, context: Context) -> Any:
    """Starts the thread with a `run` of its own, which is gone again before the program's own runs."""
    own = vars(thread)
    before = {"run": own["run"]} if "run" in own else {}

    def restore() -> None:
        own.pop("run", None)
        own.update(before)

    def run(self: threading.Thread) -> None:
        restore()
        with attached(context):
            self.run()

    own["run"] = MethodType(run, thread)  # others, as Sentry, take a method's function and call it with self
    try:
        return start(thread)
    except BaseException:
        restore()
        raise
