"""Names that have been recorded: a threshold for one that nobody has is mostly a mistyped one."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentgauge.config import store_path
from agentgauge.errors import StoreError
from agentgauge.generate.thresholds.closest import closest
from agentgauge.registry import metric
from agentgauge.registry_records import LABELS
from agentgauge.stack.answers import get
from agentgauge.stack.places import find_places
from agentgauge.stack.ports import HOST
from agentgauge.stack.state import read_state
from agentgauge.store.read import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from agentgauge.generate.thresholds import Override
    from agentgauge.registry_records import Subject

_SQL: dict[Subject, str] = {
    "service": "SELECT DISTINCT service FROM processes",
    "agent": "SELECT DISTINCT agent FROM (SELECT agent FROM calls ORDER BY end_ns DESC LIMIT 100000)",
    "tool": "SELECT DISTINCT tool FROM (SELECT tool FROM call_tools ORDER BY rowid DESC LIMIT 100000)",
}
"""As many rows as it takes to know a name, and few enough for a store of years."""
_SERIES: dict[Subject, str] = {
    "service": metric("agentgauge.calls").prometheus_name,
    "agent": metric("agentgauge.calls").prometheus_name,
    "tool": metric("agentgauge.tool.offers").prometheus_name,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A name that nobody has recorded, and the recorded one that is most like it."""

    kind: Subject
    name: str
    meant: str | None


def unseen(overrides: Iterable[Override]) -> Iterator[Unseen]:
    """The names in overrides that have not been recorded; none while nothing has been."""
    kinds: tuple[Subject, ...] = ("service", "agent", "tool")
    recorded: dict[Subject, set[str]] = {}
    for override in overrides:
        for kind, name in zip(kinds, override.whom, strict=True):
            if name is None:
                continue
            known = recorded[kind] if kind in recorded else recorded.setdefault(kind, _recorded(kind))
            if known and name not in known:
                yield Unseen(kind=kind, name=name, meant=closest(name, known))


def _recorded(kind: Subject) -> set[str]:
    """The services, agents or tools in the store of this machine and in the Prometheus of a running stack."""
    return _stored(kind) | _counted(kind)


def _stored(kind: Subject) -> set[str]:
    with suppress(StoreError, OSError):
        path = store_path(None)
        if path is not None and path.exists():
            with open_store(path) as store:
                return {name for (name,) in store.query(_SQL[kind])}
    return set()


def _counted(kind: Subject) -> set[str]:
    state = read_state(find_places())
    if state is None:
        return set()
    url = f"http://{HOST}:{state.ports.prometheus}/api/v1/label/{LABELS[kind]}/values?match[]={_SERIES[kind]}"
    try:
        return set(json.loads(get(url)[1])["data"])
    except (ValueError, KeyError, TypeError):
        return set()
