"""The settings in force, where each comes from, and variables that cannot be used or are none."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from agentgauge.config import Settings
from agentgauge.config_values import OTHER_VARIABLES, RESOURCE_KEYS, VARIABLES
from agentgauge.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

TOPIC = "settings"
_RESOURCE = "OTEL_RESOURCE_ATTRIBUTES"
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_CLOSE = 0.75


def settings_findings(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """A line for each setting that is not the default, one for those that are, and what is wrong."""
    usual = []
    names = [f.name for f in fields(Settings) if f.name != "problems"]
    for name in names:
        source = _source(name, settings, environ)
        value = _shown(getattr(settings, name))
        if source is None:
            usual.append(name)
            continue
        facts = {"setting": name, "value": value, "source": source}
        yield Finding(TOPIC, "ok", f"{name} = {value}  ({source})", facts=facts)
    which = "all" if len(usual) == len(names) else f"{len(usual)} others"
    yield Finding(TOPIC, "ok", f"{which} have their defaults", facts={"defaults": usual})
    for problem in settings.problems:
        yield Finding(TOPIC, "problem", problem, next="All settings: docs/settings.md")
    if settings.disabled:
        unset = "Unset OTEL_SDK_DISABLED."
        yield Finding(TOPIC, "problem", "everything is switched off: no call is recorded", next=unset)
    yield from _misspelt(environ)


def _source(name: str, settings: Settings, environ: Mapping[str, str]) -> str | None:
    """The variable that a setting comes from; None for the default."""
    for variable in VARIABLES[name]:
        if not environ.get(variable, "").strip():
            continue
        if variable != _RESOURCE or name == "resource_attributes":
            return variable
        if any(key in settings.resource_attributes for key in RESOURCE_KEYS[name]):
            return variable
    return None


def _shown(value: object) -> str:
    if isinstance(value, str | Path):
        return _CREDENTIALS.sub("…@", str(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={part}" for key, part in value.items()) or "none"
    if isinstance(value, Sequence):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _misspelt(environ: Mapping[str, str]) -> Iterator[Finding]:
    known = {variable for names in VARIABLES.values() for variable in names}
    ours = [name for name in known if name.startswith("AGENTGAUGE_")]
    for name in sorted(environ):
        if not name.startswith("AGENTGAUGE_") or name in known or name.startswith(OTHER_VARIABLES):
            continue
        meant = difflib.get_close_matches(name, ours, n=1, cutoff=_CLOSE)
        todo = f"Did you mean {meant[0]}?" if meant else "All settings: docs/settings.md"
        yield Finding(TOPIC, "problem", f"{name} is no setting, and has no effect", next=todo)
