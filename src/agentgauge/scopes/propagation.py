"""Switches the carrying of scopes on and off: one state a process, nothing before `init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.guard import guarded
from agentgauge.patches import Patches
from agentgauge.scopes import processes, threads

if TYPE_CHECKING:
    from agentgauge.config_values import Propagation
    from agentgauge.scopes.processes import Start

_patches = Patches()
_chosen: Propagation = "off"


def _choice() -> Propagation:
    return _chosen


def start(chosen: Propagation, *, in_child: Start) -> None:
    """From now on, what is handed over inside a scope runs in it.

    Args:
        chosen: the setting `propagate_threads`.
        in_child: starts recording in a process that was not forked; it is pickled.
    """
    global _chosen  # noqa: PLW0603  # the one place that holds it
    _chosen = chosen
    if chosen != "off":
        with guarded("preparing to carry scopes"):
            threads.install(_patches, _choice)
            processes.install(_patches, _choice, in_child)


def stop() -> None:
    """Leaves the classes as they were; a wrapper that somebody else has wrapped stays and does nothing."""
    global _chosen  # noqa: PLW0603  # as above
    _chosen = "off"
    with guarded("ending to carry scopes"):
        _patches.take_out()
