"""Gives a running native stack new rules and configs without a restart."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentgauge.stack import process
from agentgauge.stack.answers import metric
from agentgauge.stack.configs import COLLECTOR_CONFIG, COPIES, write_configs
from agentgauge.stack.ports import HOST
from agentgauge.stack.shipped import StackError, shipped
from agentgauge.stack.state import write_state

if TYPE_CHECKING:
    from agentgauge.stack.places import Places
    from agentgauge.stack.process import Running
    from agentgauge.stack.state import State

RELOADABLE = ("prometheus", "alertmanager")
_TIMEOUT_S = 20.0
_POLL_S = 0.1


def reload_native(places: Places, state: State, *, overlay: Path | None) -> bool:
    """Writes configs and rules again and has Prometheus and Alertmanager read them.

    Args:
        places: of the stack.
        state: what runs.
        overlay: the user's folder of configs; None is the one that the stack was started with.

    Returns:
        Whether all is in effect: a changed Collector config needs `down` and `up`, since the Collector would
        lose its sums by reading it again.

    Raises:
        StackError: a service refused its new config; the old one stays in effect.
    """
    overlay = overlay or (Path(state.overlay) if state.overlay else None)
    write_configs(places, state.ports, overlay=overlay, leave=COLLECTOR_CONFIG)
    write_state(places, replace(state, overlay=str(overlay) if overlay else None))
    for running in state.processes:
        if running.name in RELOADABLE:
            reload_service(running, port=getattr(state.ports, running.name))
    return collector_is_current(places, replace(state, overlay=str(overlay) if overlay else None))


def collector_is_current(places: Places, state: State) -> bool:
    """Whether the Collector was started with the config that is in its folder now."""
    overlay = Path(state.overlay) if state.overlay else None
    new = shipped(COPIES[COLLECTOR_CONFIG], overlay=overlay).read_text(encoding="utf-8")
    return new == (places.config / COLLECTOR_CONFIG).read_text(encoding="utf-8")


def reload_service(running: Running, *, port: int) -> None:
    """Has Prometheus or Alertmanager read its config again, and waits until it has.

    Raises:
        StackError: it refused; what it had stays in effect.
    """
    page = f"http://{HOST}:{port}/metrics"
    succeeded_at = f"{running.name}_config_last_reload_success_timestamp_seconds"
    successful = f"{running.name}_config_last_reload_successful"
    before, was_successful = metric(page, succeeded_at), metric(page, successful)
    process.send(running, signal.SIGHUP)
    until = time.monotonic() + _TIMEOUT_S
    while metric(page, succeeded_at) == before:
        refused = was_successful == 1 and metric(page, successful) == 0
        if refused or time.monotonic() > until:
            lines = "\n  ".join(process.last_lines(Path(running.log), 5))
            raise StackError(
                f"{running.name} did not take its new config. The end of {running.log}:\n  {lines}"
            )
        time.sleep(_POLL_S)
