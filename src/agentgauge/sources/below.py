"""The HTTP below the spans of OpenInference's siblings, which leave out much of what passes there.

While such a span is current, what its client sends by httpx or httpx2 is the request that it tells of: the
body as sent, the host, each attempt, the usage as the server words it, and all of a stream that came.
"""

from __future__ import annotations

import functools
import inspect
import time
from typing import TYPE_CHECKING, Any

from agentgauge.guard import guarded
from agentgauge.sources.asked_below import note_answer, note_request
from agentgauge.sources.endpoints import operation_of
from agentgauge.sources.openai_client import EXTENSION, sent
from agentgauge.sources.siblings import sibling_under_way
from agentgauge.sources.streamed_body import KeptBody, tap

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from opentelemetry.trace import Status

    from agentgauge.patches import Patches
    from agentgauge.pipeline.exchange import Exchange
    from agentgauge.sources.openai_client import Check, Find

LIBRARIES = ("httpx", "httpx2")
_REFUSED = 400


def instrument_http(library: ModuleType, patches: Patches, find: Find, before_send: Check) -> None:
    """Watches what the clients of an HTTP library send inside a sibling's span.

    Args:
        library: httpx, or httpx2.
        patches: what is put into it, and whether that is to work.
        find: the open call of a span, None when it is no call.
        before_send: is asked before a call's first attempt; what it raises stops the call.
    """
    layer = functools.partial(_watched, patches=patches, find=find, before_send=before_send)
    for owner in (library.Client, library.AsyncClient):
        patches.put(owner, "send", layer)


def _watched(
    original: Callable[..., Any], *, patches: Patches, find: Find, before_send: Check
) -> Callable[..., Any]:
    def leaving(request: Any) -> Exchange | None:
        if not patches.on:
            return None
        with guarded("watching a client"):
            opened = sibling_under_way(find)
            if opened is None or EXTENSION in request.extensions:
                return None
            if operation_of(request.method, request.url.path) is None:
                return None
            exchange = opened.exchange
            if exchange.attempts == 0 and opened.outer is not None:
                exchange.attempts = opened.outer.exchange.attempts  # LiteLLM tries again inside what failed
            note_request(opened, request.method, request.url, sent(request), before_send=before_send)
            exchange.attempts += 1
            return exchange
        return None

    @functools.wraps(original)
    def send(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = leaving(request)
        response = original(client, request, *args, **kwargs)
        _answered(response, exchange)
        return response

    @functools.wraps(original)
    async def awaited(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = leaving(request)
        response = await original(client, request, *args, **kwargs)
        _answered(response, exchange)
        return response

    return awaited if inspect.iscoroutinefunction(original) else send


def _answered(response: Any, exchange: Exchange | None) -> None:
    if exchange is None:
        return
    with guarded("watching an answer"):
        exchange.statuses.append(response.status_code)
        if response.status_code >= _REFUSED:
            return
        if not response.is_closed:
            tap(response, _Passing(response, exchange))
            return
        note_answer(exchange, response.text)


class _Passing:
    """A body that is kept for the end of the call, whoever ends that."""

    def __init__(self, response: Any, exchange: Exchange) -> None:
        self._kept = KeptBody(response)
        self._exchange = exchange
        exchange.unread = self._kept.answers

    def note(self, chunk: bytes) -> None:
        """Keeps a part of it."""
        if self._exchange.first_answer_ns is None:
            self._exchange.first_answer_ns = time.time_ns()
        self._kept.note(chunk)

    def failed(self, error: BaseException) -> None:
        """The sibling's span says so."""

    def end(self, status: Status | None = None) -> None:
        """The sibling ends its span."""
