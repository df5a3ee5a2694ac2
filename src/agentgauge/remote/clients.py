"""Hooks on httpx, httpx2, requests and urllib that say who is calling, to the hosts of `propagate_to` only.

They sit where one request leaves, below the client's own handling of redirects, so that each hop is judged by
its own host. What they put on is taken off when the request has been sent: nothing of it is left for the next
hop, or for the program to see. Without a list there are no hooks.
"""

from __future__ import annotations

import functools
import inspect
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context

from agentgauge.guard import guarded
from agentgauge.importhook import when_imported
from agentgauge.pipeline import runtime
from agentgauge.remote.members import merged
from agentgauge.remote.outbound import BAGGAGE, headers_to_add, is_receiver, members
from agentgauge.remote.scope import with_members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping
    from contextlib import AbstractContextManager
    from types import ModuleType

    Saying = Callable[[Any], AbstractContextManager[None]]
    """Around the sending of one request."""

    Find = Callable[[tuple[Any, ...], dict[str, Any]], Any]

_MARK = "_agentgauge_says_who"
_EXCHANGE = "agentgauge.exchange"
_installed: list[tuple[type, str, Any, Any]] = []
"""Owner, name, original and wrapper of each hook, so that `stop` can undo it."""


def start() -> None:
    """Hooks each client that is there, or as soon as somebody imports it; with an empty list, none."""
    active = runtime.active()
    if active is None or not active.settings.propagate_to:
        return
    for name in ("httpx", "httpx2"):
        when_imported(name, _hook_httpx)
    when_imported("requests", _hook_requests)
    when_imported("urllib.request", _hook_urllib)


def stop() -> None:
    """Gives the clients their own methods back, where nobody has put anything on top."""
    while _installed:
        owner, name, original, wrapper = _installed.pop()
        if vars(owner).get(name) is wrapper:
            setattr(owner, name, original)


def _hook_httpx(httpx: ModuleType) -> None:
    for owner in (httpx.Client, httpx.AsyncClient):
        _hook(owner, "_send_single_request", _saying_by_httpx)


def _hook_requests(requests: ModuleType) -> None:
    _hook(requests.adapters.HTTPAdapter, "send", _saying_by_requests)


def _hook_urllib(urllib_request: ModuleType) -> None:
    _hook(urllib_request.AbstractHTTPHandler, "do_open", _saying_by_urllib, request="req")


def _hook(owner: type, name: str, saying: Saying, *, request: str = "request") -> None:
    """Puts `saying` around a method whose argument of the name `request` is the request."""
    with guarded("hooking an HTTP client"):
        original = vars(owner).get(name)
        active = runtime.active()
        if original is None or hasattr(original, _MARK) or active is None or not active.settings.propagate_to:
            return
        around = _around_async if inspect.iscoroutinefunction(original) else _around
        wrapper = around(original, saying, _finder(original, request))
        setattr(wrapper, _MARK, True)
        setattr(owner, name, wrapper)
        _installed.append((owner, name, original, wrapper))


def _finder(method: Callable[..., Any], name: str) -> Find:
    """Picks the argument of that name, or None, out of a call's arguments without `self`."""
    place = list(inspect.signature(method).parameters).index(name) - 1

    def find(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return args[place] if len(args) > place else kwargs.get(name)

    return find


def _around(original: Callable[..., Any], saying: Saying, find: Find) -> Callable[..., Any]:
    @functools.wraps(original)
    def send(client: Any, *args: Any, **kwargs: Any) -> Any:
        with saying(find(args, kwargs)):
            return original(client, *args, **kwargs)

    return send


def _around_async(original: Callable[..., Any], saying: Saying, find: Find) -> Callable[..., Any]:
    @functools.wraps(original)
    async def send(client: Any, *args: Any, **kwargs: Any) -> Any:
        with saying(find(args, kwargs)):
            return await original(client, *args, **kwargs)

    return send


@contextmanager
def _saying_by_httpx(request: Any) -> Iterator[None]:
    to = None
    with guarded("saying who calls, by httpx"):
        to = "" if _EXCHANGE in request.extensions else str(request.url)
    with _said(getattr(request, "headers", None), to):
        yield


@contextmanager
def _saying_by_requests(request: Any) -> Iterator[None]:
    with _said(getattr(request, "headers", None), getattr(request, "url", None)):
        yield


@contextmanager
def _saying_by_urllib(request: Any) -> Iterator[None]:
    # Headers of this kind are not sent again after a redirect, and urllib keeps them apart from the user's.
    with guarded("saying who calls, by urllib"):
        present = dict(request.header_items())
        if is_receiver(request.full_url, present):
            for name, value in headers_to_add(present).items():
                request.add_unredirected_header(name.capitalize(), value)
    yield


@contextmanager
def _said(headers: MutableMapping[str, str] | None, url: str | None) -> Iterator[None]:
    """Headers that say who is calling, while a request is sent to a host that may know it."""
    if headers is None or not url or not _may_know(url, headers):
        with guarded("saying nothing"):
            if headers is not None and BAGGAGE in headers:
                _set(headers, BAGGAGE, merged(headers[BAGGAGE], {}))
        yield
        return
    before: dict[str, str | None] = {}
    added: dict[str, str] = {}
    token = None
    with guarded("saying who calls"):
        added = headers_to_add(headers)
        for name, value in added.items():
            before[name] = headers.get(name)
            headers[name] = value
        # An instrumentation of the user's that writes its own baggage over ours takes ours from here.
        token = otel_context.attach(with_members(members()))
    try:
        yield
    finally:
        with guarded("taking headers off again"):
            if token is not None:
                with suppress(ValueError, RuntimeError):
                    otel_context._RUNTIME_CONTEXT.detach(token)  # noqa: SLF001  # the public one logs
            for name, earlier in before.items():
                if headers.get(name) == added[name]:
                    _set(headers, name, earlier)


def _may_know(url: str, headers: MutableMapping[str, str]) -> bool:
    with guarded("asking the list of hosts"):
        return is_receiver(url, headers)
    return False


def _set(headers: MutableMapping[str, str], name: str, value: str | None) -> None:
    if value:
        headers[name] = value
    else:
        headers.pop(name, None)
