"""A span around a client's `request`, in a way that leaves the program's own spans and silence to it."""

from __future__ import annotations

import functools
import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import wrapt
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

from agentgauge import ledger
from agentgauge.guard import guarded
from agentgauge.pipeline import neighbours
from agentgauge.sources.openai_client import call_under_way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextvars import Token

    from opentelemetry.context import Context

    from agentgauge.patches import Patches
    from agentgauge.sources.openai_client import Find

_SILENT = otel_context.create_key("agentgauge.silent")


def around_request(
    original: Callable[..., Any],
    *,
    traced: Any,
    patches: Patches,
    find: Find,
    watch: Callable[[type], None],
    within: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None,
) -> Callable[..., Any]:
    """`original` with a span around it; as it was while nothing is recorded, or inside a call already.

    `within` wraps what the span is around: once a call, however often that asks.
    """
    recorded = original if within is None else within(original)
    inner = wrapt.FunctionWrapper(_stepping_back(recorded, find), traced)

    def seen(client: Any) -> Callable[..., Any]:
        ledger.current()  # leaves what has ended meanwhile, before the call's span looks for its parent
        around = call_under_way(find)
        if not patches.on or (around is not None and not around.of_frameworks):
            return functools.partial(original, client)
        with guarded("watching a client's own class"):
            watch(type(client))
        bound: Callable[..., Any] = inner.__get__(client, type(client))
        return bound

    @functools.wraps(original)
    def request(client: Any, *args: Any, **kwargs: Any) -> Any:
        with _heard():
            return seen(client)(*args, **kwargs)

    @functools.wraps(original)
    async def awaited(client: Any, *args: Any, **kwargs: Any) -> Any:
        with _heard():
            return await seen(client)(*args, **kwargs)

    return awaited if inspect.iscoroutinefunction(original) else request


@contextmanager
def _heard() -> Iterator[None]:
    """Lets our span begin where the program, or Logfire, has told instrumentations to be silent.

    The call costs what it costs. Inside it the silence goes on.
    """
    if not otel_context.get_value(_SUPPRESS_INSTRUMENTATION_KEY):
        yield
        return
    silent = otel_context.set_value(_SILENT, value=True)
    token = otel_context.attach(otel_context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, False, silent))  # noqa: FBT003  # positional in the API
    try:
        yield
    finally:
        otel_context.detach(token)


def _stepping_back(original: Callable[..., Any], find: Find) -> Callable[..., Any]:
    """`original` run with the user's span current, as if ours were not there."""

    @functools.wraps(original)
    def request(client: Any, *args: Any, **kwargs: Any) -> Any:
        token = _step_back(find)
        try:
            return original(client, *args, **kwargs)
        finally:
            if token is not None:
                otel_context.detach(token)

    @functools.wraps(original)
    async def awaited(client: Any, *args: Any, **kwargs: Any) -> Any:
        token = _step_back(find)
        try:
            return await original(client, *args, **kwargs)
        finally:
            if token is not None:
                otel_context.detach(token)

    return awaited if inspect.iscoroutinefunction(original) else request


def _step_back(find: Find) -> Token[Context] | None:
    span = trace.get_current_span()
    opened = find(span.get_span_context())
    if opened is None:
        return None
    inside = neighbours.stepped_back(span, opened.outside or span)
    if otel_context.get_value(_SILENT):
        inside = otel_context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True, inside)  # noqa: FBT003  # as above
    return otel_context.attach(inside)
