"""Tells when a module has been imported, without importing it.

Standard library only, and only what a bare interpreter has loaded anyway: a child of `agentgauge run` loads
this file by its path before it runs a line of its own, in any Python from 3.8 on.
"""

from __future__ import annotations

import os
import sys
from _thread import RLock, get_ident

TYPE_CHECKING = False  # `typing` alone would cost more than everything else here
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

    Callback = Callable[[ModuleType], None]


def when_imported(module: str, callback: Callback) -> None:
    """Calls back with the module, once: now if it is there, else right after its import has finished.

    The callback runs in the importing thread, before the `import` statement returns. What it raises is logged
    at debug level and goes no further. A module whose import is under way on this call, or that is put into
    `sys.modules` without being imported, is noticed at the next import that follows.

    Args:
        module: absolute dotted name.
        callback: gets the imported module.
    """
    _finder.wait_for(module, callback)


def no_longer(module: str, callback: Callback) -> None:
    """Takes a callback back that has not been called yet; one that has been, or never was there, is fine."""
    _finder.forget(module, callback)


class _Finder:
    """Stands first on `sys.meta_path` while something is waited for; finds through the finders behind it."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Callback]] = {}
        # Reentrant: a finaliser that runs while it is held may import something.
        self._lock = RLock()
        self._finding: set[tuple[int, str]] = set()

    def wait_for(self, name: str, callback: Callback) -> None:
        with self._lock:
            self._waiting.setdefault(name, []).append(callback)
            if self not in sys.meta_path:
                sys.meta_path.insert(0, self)
        self._settle()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        self._settle()
        mark = (get_ident(), name)
        # Another hook may ask the whole meta path again, us included.
        if name not in self._waiting or mark in self._finding:
            return None
        self._finding.add(mark)
        try:
            spec = self._found_behind(name, path, target)
        finally:
            self._finding.discard(mark)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self)  # type: ignore[assignment]  # stands in for it
        return spec

    def _found_behind(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None

    def imported(self, name: str, module: ModuleType) -> None:
        """Calls everyone back who waited for the module, and leaves when nobody waits any more."""
        with self._lock:
            callbacks = self._waiting.pop(name, [])
            self._leave_when_done()
        for callback in callbacks:
            _call(callback, module)

    def forget(self, name: str, callback: Callback) -> None:
        with self._lock:
            left = [waiting for waiting in self._waiting.get(name, []) if waiting != callback]
            if left:
                self._waiting[name] = left
            else:
                self._waiting.pop(name, None)
            self._leave_when_done()

    def _leave_when_done(self) -> None:
        if not self._waiting and self in sys.meta_path:
            # A new list: another thread may be walking the old one and would skip a finder.
            sys.meta_path = [finder for finder in sys.meta_path if finder is not self]

    def forked(self) -> None:
        """A lock that another thread held at the fork would stay locked in the child."""
        self._lock = RLock()
        self._finding = set()

    def _settle(self) -> None:
        for name in list(self._waiting):
            module = sys.modules.get(name)
            if module is not None and _is_initialised(module):
                self.imported(name, module)


class _Loader:
    """A loader that tells when it has executed its module, and is the original in everything else.

    It gives the module back its own loader before the module's first line runs, so that nothing of it stays.
    """

    def __init__(self, loader: Any, finder: _Finder) -> None:
        self._agentgauge_loader = loader
        self._agentgauge_finder = finder

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_agentgauge"):  # not set yet: copy and pickle make bare instances
            raise AttributeError(name)
        return getattr(self._agentgauge_loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        # importlib demands this one of every loader that has exec_module.
        create = getattr(self._agentgauge_loader, "create_module", None)
        module: ModuleType | None = create(spec) if create is not None else None
        return module

    def exec_module(self, module: ModuleType) -> None:
        loader = self._agentgauge_loader
        spec: Any = module.__spec__
        if spec is not None and spec.loader is self:
            spec.loader = loader
        if getattr(module, "__loader__", None) is self:
            module.__loader__ = loader
        loader.exec_module(module)
        name = module.__name__ if spec is None else spec.name
        self._agentgauge_finder.imported(name, sys.modules.get(name, module))


def _is_initialised(module: ModuleType) -> bool:
    try:
        # Not getattr: it would execute a module that importlib.util.LazyLoader has put off.
        spec = object.__getattribute__(module, "__dict__").get("__spec__")
    except AttributeError:
        return True  # something else than a module: nothing to wait for
    to_come = hasattr(getattr(spec, "loader", None), "_agentgauge_finder")
    return not to_come and not getattr(spec, "_initializing", False)


def _call(callback: Callback, module: ModuleType) -> None:
    try:
        callback(module)
    except Exception:  # nothing of ours may break an import
        import logging  # noqa: PLC0415  # not loaded in a bare interpreter

        logging.getLogger("agentgauge").debug("The callback for %s failed.", module, exc_info=True)


_finder = _Finder()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_finder.forked)
