"""One server-sent event of a streamed answer."""

import json
from dataclasses import dataclass
from typing import Any

from .usage_table import ABSENT

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Event:
    """`usage` is what this event tells, or ABSENT; `name` is the event's own, where the API has one."""

    data: dict[str, Any]
    usage: object = ABSENT
    name: str | None = None

    def encode(self) -> bytes:
        """The event as it goes over the wire."""
        name = f"event: {self.name}\n" if self.name else ""
        return f"{name}data: {json.dumps(self.data)}\n\n".encode()
