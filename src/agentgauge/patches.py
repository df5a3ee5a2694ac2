"""Attributes of other people's classes that are replaced for a while, and put back as they were."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_INHERITED = object()
_MOST_LAYERS = 64


@dataclass(frozen=True, slots=True)
class _Put:
    owner: type
    name: str
    before: object
    """What the class itself had; `_INHERITED` when the attribute came from a base."""
    ours: Callable[..., Any]


class Patches:
    """What has been replaced. While `on` is False, the replacements are to do nothing of their own.

    A replacement that somebody has wrapped since cannot be taken out without theirs. It stays then, does
    nothing, and is used again when it is put once more.
    """

    def __init__(self) -> None:
        self.on = False
        self._puts: list[_Put] = []

    def put(self, owner: type, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Replaces an attribute of a class by what `make` makes of it, once."""
        known = next((put for put in self._puts if put.owner is owner and put.name == name), None)
        if known is not None:
            if _leads_to(getattr(owner, name), known.ours):
                return
            self._puts.remove(known)  # somebody has put back what was there before us
        before = vars(owner).get(name, _INHERITED)
        original = getattr(owner, name)
        ours = make(original)
        if not hasattr(ours, "__wrapped__"):
            functools.update_wrapper(ours, original)  # by which it is found below somebody else's
        setattr(owner, name, ours)
        self._puts.append(_Put(owner, name, before, ours))

    def take_out(self) -> None:
        """Puts everything back that nobody has wrapped."""
        self.on = False
        left = []
        for put in reversed(self._puts):
            if vars(put.owner).get(put.name) is not put.ours:
                left.append(put)
            elif put.before is _INHERITED:
                delattr(put.owner, put.name)
            else:
                setattr(put.owner, put.name, put.before)
        self._puts = [put for put in reversed(left) if _leads_to(getattr(put.owner, put.name), put.ours)]


def _leads_to(function: object, ours: object) -> bool:
    """Whether `function` is `ours`, or wraps it in the usual way."""
    for _ in range(_MOST_LAYERS):
        if function is ours:
            return True
        function = getattr(function, "__wrapped__", None)
        if function is None:
            return False
    return False
