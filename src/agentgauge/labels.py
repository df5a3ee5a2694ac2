"""Names that become labels: bounded, valid UTF-8, without control characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_CHARS = 128
MOST_TEXT_CHARS = 4096
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def clean_label(name: object, *, most: int = MOST_CHARS) -> str:
    """A name as it may stand in a label; what is no text becomes its text form, nothing becomes `unknown`."""
    text = _CONTROL.sub(" ", _text(name)).strip()
    return text[:most] or "unknown"


def clean_text(value: object, *, most: int = MOST_TEXT_CHARS) -> str:
    """Any value as text that every format can hold: valid UTF-8 of bounded length."""
    return _text(value)[:most].encode("utf-8", "replace").decode()


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # a user's own __str__ can do anything
        return type(value).__name__


class Few:
    """Keeps a label that others fill from having more than about `most` different values.

    Without a lock, which a fork could leave locked: threads that race may add one value each too many.
    """

    def __init__(self, most: int, *, known: Iterable[str] = ()) -> None:
        self._most = most
        self._known = set(known)

    def __call__(self, label: str) -> str:
        """The label, or `other` when it is one too many."""
        if label not in self._known:
            if len(self._known) >= self._most:
                return "other"
            self._known.add(label)
        return label
