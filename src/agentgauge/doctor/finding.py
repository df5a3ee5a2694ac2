"""What an examination says: one line, whether it is well, and what to do where it is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

State = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's.

    Attributes:
        topic: the part it is about: settings, store, endpoint, client, prices, vocabularies, clock.
        state: ok, a note that needs nothing, or a problem.
        text: what was found.
        next: what to do about it; may have several lines, such as a snippet for a file.
        facts: the same for programs.
    """

    topic: str
    state: State
    text: str
    next: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "topic": self.topic,
            "state": self.state,
            "text": self.text,
            "next": self.next,
            "facts": dict(self.facts),
        }
