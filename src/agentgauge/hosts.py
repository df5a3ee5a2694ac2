"""A list of hosts, as settings have it: `planner.corp`, `planner.corp:8080`, `.corp`, `[::1]:8000`."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

FORM = re.compile(r"(?:\*?\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d{1,5})?|\[[0-9a-f:.]+\](?::\d{1,5})?")
"""One entry, in lower case. A leading dot stands for every host below a domain, not for the domain itself."""

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Hosts:
    """The entries of a list that can be used."""

    exact: frozenset[str]
    below: tuple[str, ...]

    def hold(self, host: str, port: int | None) -> bool:
        """Whether a request to this host and port goes to one of them."""
        name = host.lower().rstrip(".").strip("[]")
        bare = f"[{name}]" if ":" in name else name
        return any(
            asked in self.exact or (self.below and asked.endswith(self.below))
            for asked in (bare, f"{bare}:{port}")
        )


def is_entry(text: str) -> bool:
    """Whether a list of hosts may have this entry."""
    return FORM.fullmatch(text.strip().lower()) is not None


@functools.lru_cache(maxsize=16)
def hosts_of(entries: tuple[str, ...]) -> Hosts:
    """The list, read once; what is no host is left out."""
    usable = [entry.strip().lower().removeprefix("*") for entry in entries if is_entry(entry)]
    return Hosts(
        exact=frozenset(entry for entry in usable if not entry.startswith(".")),
        below=tuple(entry for entry in usable if entry.startswith(".")),
    )


def host_and_port(url: str) -> tuple[str, int | None]:
    """Where a URL leads; an empty host where it leads nowhere."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "", None
