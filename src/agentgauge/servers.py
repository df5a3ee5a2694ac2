"""Servers that end their process by a signal, past every exit handler: they store before that."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from agentgauge.guard import guarded
from agentgauge.importhook import when_imported
from agentgauge.patches import Patches
from agentgauge.pipeline import runtime

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_patches = Patches()


def watch() -> None:
    """Stores what has ended when uvicorn has shut down.

    It imports the program, `init` included, while it handles SIGTERM itself; after its shutdown it gives
    the signal back to the default, which ends the process at once.
    """
    when_imported("uvicorn.server", _watch_uvicorn)


def leave_alone() -> None:
    """Undoes `watch`."""
    _patches.take_out()


def _watch_uvicorn(module: ModuleType) -> None:
    with guarded("watching uvicorn"):
        _patches.put(module.Server, "shutdown", _then_flush)


def _then_flush(original: Callable[..., Any]) -> Callable[..., Any]:
    async def shutdown(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await original(self, *args, **kwargs)
        finally:
            with guarded("storing at the end of uvicorn"):
                active = runtime.active()
                if active is not None:
                    limit = active.settings.flush_timeout_s
                    # In a thread: the loop may run other servers, and calls of theirs go on.
                    await asyncio.to_thread(active.pipeline.flush, timeout_s=limit)

    return shutdown
