"""Gives a running native stack new rules; where Prometheus refuses them, the old ones stay."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from agentgauge.stack.configs import RULES, read_rules, write_rules
from agentgauge.stack.reload import reload_service
from agentgauge.stack.shipped import StackError, shipped
from agentgauge.stack.state import NATIVE

if TYPE_CHECKING:
    from agentgauge.stack.places import Places
    from agentgauge.stack.state import State


def rules_folder(state: State) -> Path:
    """The folder that a stack takes its rules from."""
    return shipped(RULES, overlay=Path(state.overlay) if state.overlay else None)


def can_reload(state: State) -> bool:
    """Whether Prometheus runs as a process of this machine."""
    return state.mode == NATIVE and any(running.name == "prometheus" for running in state.living())


def reload_rules(places: Places, state: State) -> bool:
    """Has Prometheus read the rules of its folder; False where it has them already.

    Raises:
        StackError: Prometheus refused them. The old ones are in effect, after a restart too.
    """
    (prometheus,) = (running for running in state.living() if running.name == "prometheus")
    new = read_rules(rules_folder(state))
    before = read_rules(places.config / "rules")
    if new == before:
        return False
    write_rules(places.config, new)
    try:
        reload_service(prometheus, port=state.ports.prometheus)
    except StackError:
        write_rules(places.config, before)
        with suppress(StackError):  # so that it reports no failed reload any more
            reload_service(prometheus, port=state.ports.prometheus)
        raise
    return True
