"""Who makes the calls, as members of a W3C baggage header, and back.

The keys are the names that the same facts have as attributes of spans. Our own side writes names of bounded
length; what comes in can be anything, and a member that we could not have written is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from agentgauge.call import UNATTRIBUTED
from agentgauge.labels import MOST_CHARS, Few

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentgauge.call import Origin

KEYS = {
    "gen_ai.agent.name": "agent",
    "agentgauge.agent.role": "role",
    "agentgauge.agent.path": "agent_path",
    "gen_ai.workflow.name": "workflow",
    "agentgauge.workflow.id": "workflow_id",
    "agentgauge.workflow.branch": "branch",
}
"""Key of a member -> field of `Origin`. Nothing else is sent, and nothing else is read."""

MOST_HEADER_CHARS = 8192
MOST_MEMBERS = 180
MOST_AGENTS_DEEP = 8
_MOST_PATH_CHARS = MOST_AGENTS_DEEP * (MOST_CHARS + 1)
_MOST_CHARS = {"agent_path": _MOST_PATH_CHARS}
_BYTES_OF_A_CHAR = 12
"""One character is up to four bytes, of three characters each when percent-encoded."""

_UNUSUAL = re.compile(r"[^\w .,:;@/+#()&'-]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd]")

MOST_NAMES = 256
"""Different names that come from outside become labels, in each field; past it they are `other`."""

_few = {field: Few(MOST_NAMES) for field in ("agent", "role", "workflow", "branch")}


def members_of(origin: Origin) -> dict[str, str]:
    """Key -> name, for what is known; empty outside any agent, role and workflow."""
    found = {key: getattr(origin, field) for key, field in KEYS.items()}
    return {key: name for key, name in found.items() if name and name != UNATTRIBUTED}


def merged(header: str, members: Mapping[str, str]) -> str:
    """A baggage header with these members in place of ours that it has; others stay as they are.

    Where the whole would be longer than the standard allows, only what was there stays.
    """
    others = [part for part in header.split(",") if part.strip() and _key(part) not in KEYS]
    ours = [f"{key}={quote(name, safe='')}" for key, name in members.items()]
    whole = ",".join([*others, *ours])
    fits = len(whole) <= MOST_HEADER_CHARS and len(others) + len(ours) <= MOST_MEMBERS
    return whole if fits else ",".join(others)


def fields_in(header: str) -> dict[str, str]:
    """The fields of `Origin` in a header that anybody may have written; empty when it has none."""
    if len(header) > MOST_HEADER_CHARS or not header.isascii():
        return {}
    found: dict[str, str] = {}
    for part in header.split(",", MOST_MEMBERS)[:MOST_MEMBERS]:
        field = KEYS.get(_key(part))
        if field is not None and (name := _name(part, most=_MOST_CHARS.get(field, MOST_CHARS))):
            found[field] = name
    return _consistent({name: _few[name](value) if name in _few else value for name, value in found.items()})


def _key(member: str) -> str:
    return member.partition("=")[0].strip()


def _name(member: str, *, most: int) -> str | None:
    """A member's value without its properties, as it may stand in a label; None when it is no name."""
    encoded = member.partition("=")[2].partition(";")[0].strip()
    if len(encoded) > most * _BYTES_OF_A_CHAR:
        return None
    name = unquote_plus(encoded).strip()
    if len(name) > most or _CONTROL.search(name):
        return None
    return _UNUSUAL.sub("_", name) or None


def _consistent(found: dict[str, str]) -> dict[str, str]:
    """An agent and its path, which must end with it; without the agent there is no path."""
    agent, path = found.get("agent"), found.pop("agent_path", "")
    if agent is None:
        return found
    if path != agent and not path.endswith(f"/{agent}"):
        path = agent
    return found | {"agent_path": "/".join(path.split("/")[-MOST_AGENTS_DEEP:])}
