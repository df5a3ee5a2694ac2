"""Puts wrappers around methods of other people's classes, and takes them off again."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Method = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class _Patch:
    owner: type
    name: str
    original: Method
    ours: Method


class Patches:
    """Wrappers that another instrumentor may stand above or below.

    One that somebody else has wrapped cannot be taken off without taking off theirs: it stays, and must do
    nothing by itself then. It is not put on a second time.
    """

    def __init__(self) -> None:
        self._patches: list[_Patch] = []

    def put(self, owner: type, name: str, wrapper: Callable[[Method], Method]) -> None:
        """Replaces `owner.name` by what `wrapper` makes of it, once."""
        present = vars(owner)[name]
        if any(patch.owner is owner and _stands_in(present, patch.ours) for patch in self._patches):
            return
        ours = functools.wraps(present)(wrapper(_unbound(present)))
        setattr(owner, name, ours)
        self._patches.append(_Patch(owner, name, present, ours))

    def remove(self) -> None:
        """Takes off every wrapper that is the outermost one."""
        for patch in reversed(self._patches):
            if vars(patch.owner).get(patch.name) is patch.ours:
                setattr(patch.owner, patch.name, patch.original)
        self._patches = [
            patch for patch in self._patches if _stands_in(vars(patch.owner).get(patch.name), patch.ours)
        ]


def _unbound(method: Any) -> Method:
    """A method as a function of its object; another instrumentor's wrapper has to be bound to it first."""
    if type(method) is FunctionType:  # a wrapper says of itself that it is one
        return method
    return lambda self, /, *args, **kwargs: method.__get__(self, type(self))(*args, **kwargs)


def _stands_in(method: Any, wrapper: Method) -> bool:
    """Whether `wrapper` is the method, or one of those that it wraps."""
    seen: list[Any] = []
    while method is not None and not any(method is layer for layer in seen):
        if method is wrapper:
            return True
        seen.append(method)
        method = getattr(method, "__wrapped__", None)
    return False
