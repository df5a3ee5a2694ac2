"""A thin layer on the OpenAI client, and on others of its make: what an instrumentation hides.

It only watches four hooks that every client from 2.8 to 3.x calls for each request, and the one place
where each body or chunk is parsed. It never changes what the user sends or gets; a time-out is set only
where the user's own code asks for it by `agentgauge.routing`, a stream's usage where a setting does.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from agentgauge.guard import guarded
from agentgauge.pipeline import neighbours
from agentgauge.sources.endpoints import operation_of
from agentgauge.sources.hidden_chunk import hide_usage

if TYPE_CHECKING:
    from types import ModuleType

    from opentelemetry.trace import SpanContext

    from agentgauge.patches import Patches
    from agentgauge.pipeline.exchange import Exchange, OpenCall

Find = Callable[["SpanContext"], "OpenCall | None"]
Check = Callable[["OpenCall"], None]
Choose = Callable[["OpenCall", str], str | None]
OPENAI_CLIENTS = ("OpenAI", "AsyncOpenAI", "AzureOpenAI", "AsyncAzureOpenAI")
EXTENSION = "agentgauge.exchange"
"""Where a request keeps its exchange."""
OBJECT_ONLY = ("model", "usage", "object")


class ClientWatch:
    """Fills the exchange of the call that is under way with what the client does for it.

    `find` gives the open call of a span; None when it is no call, or nothing is recorded.
    `before_send` is asked before a call's first attempt leaves; what it raises stops the call. `choose` may
    name another model than the one that is asked. `patches` holds what it puts into the client, and tells
    whether it is to watch.
    """

    def __init__(self, find: Find, before_send: Check, choose: Choose, patches: Patches) -> None:
        self._find = find
        self._choose = choose
        self._before_send = before_send
        self._patches = patches
        self._installed: list[type] = []

    def install(self, library: ModuleType, names: Sequence[str] = OPENAI_CLIENTS) -> None:
        """Watches every client class of the library, once; `names` are those with hooks of their own."""
        base = library._base_client  # noqa: SLF001  # the hooks are where the client's own subclasses override
        classes = [base.BaseClient, base.SyncAPIClient, base.AsyncAPIClient]
        classes += [found for name in names if (found := getattr(library, name, None)) is not None]
        self._installed = classes
        for owner in classes:
            self._watch(owner, "_prepare_options", self._options)
            self._watch(owner, "_prepare_request", self._request)
            self._watch(owner, "_should_retry", self._status)
            self._watch(owner, "_process_response", self._response)
            self._watch(owner, "_process_response_data", self._data)

    def watch_own(self, client_class: type) -> None:
        """Watches what a subclass overrides, which need not call what it overrides."""
        for owner in client_class.__mro__:
            if owner in self._installed:
                return
            self._watch(owner, "_prepare_options", self._options)
            self._watch(owner, "_prepare_request", self._request)

    def _watch(self, owner: type, name: str, observe: Callable[..., None]) -> None:
        if name in vars(owner):
            self._patches.put(
                owner, name, functools.partial(_watched, observe=observe, patches=self._patches)
            )

    def _current(self) -> OpenCall | None:
        return call_under_way(self._find)

    def _options(self, options: Any) -> None:
        """The request's options, before they are turned into an HTTP request."""
        opened = self._current()
        if opened is None:
            return
        body = options.json_data
        if isinstance(body, Mapping):
            note_body(body, opened.exchange)
            self._put_chosen(options, body, opened)
        _limit(options, opened)

    def _put_chosen(self, options: Any, body: Mapping[str, Any], opened: OpenCall) -> None:
        exchange = opened.exchange
        if exchange.attempts == 0 and exchange.chosen_model is None and exchange.model is not None:
            exchange.chosen_model = self._choose(opened, exchange.model)
        if exchange.chosen_model is not None:
            options.json_data = {**body, "model": exchange.chosen_model}
            exchange.model = exchange.chosen_model

    def _request(self, request: Any) -> None:
        """One attempt, about to leave."""
        opened = self._current()
        if opened is None:
            return
        exchange = opened.exchange
        extensions = request.extensions
        if extensions.get(EXTENSION) is exchange:
            return  # a subclass and its base both have this hook
        exchange.method, exchange.path = request.method, request.url.path
        exchange.host, exchange.port = request.url.host, request.url.port
        exchange.body = sent(request)
        if exchange.attempts == 0 and operation_of(exchange.method, exchange.path) is not None:
            self._before_send(opened)
        extensions[EXTENSION] = exchange
        exchange.attempts += 1

    def _status(self, response: Any) -> None:
        """An attempt that failed with a status."""
        exchange = _exchange_of(response)
        if exchange is not None:
            exchange.statuses.append(response.status_code)

    def _response(self, *, response: Any, **_: Any) -> None:
        """The answer of the last attempt, its body not read yet."""
        exchange = _exchange_of(response)
        if exchange is not None:
            exchange.statuses.append(response.status_code)
            if exchange.hides_usage:
                hide_usage(response, exchange)

    def _data(self, *, data: Any, response: Any, **_: Any) -> None:
        """One parsed body, or one parsed chunk of a stream."""
        exchange = _exchange_of(response)
        if exchange is None or not isinstance(data, Mapping):
            return
        if exchange.path is not None and exchange.path.endswith("/embeddings"):
            data = {name: data[name] for name in OBJECT_ONLY if name in data}  # vectors are large
        exchange.answer(data)


def note_body(body: Mapping[str, Any], exchange: Exchange) -> None:
    """What is asked for, as far as it matters before the answer."""
    model = body.get("model")
    exchange.model = model if isinstance(model, str) else None
    exchange.stream = body.get("stream") is True
    exchange.background = body.get("background") is True
    exchange.has_tools = bool(body.get("tools") or body.get("functions"))
    exchange.most_output, exchange.choices = _most_output(body), _choices(body)


def _most_output(body: Mapping[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_output_tokens", "max_tokens"):
        most = body.get(name)
        if isinstance(most, int) and not isinstance(most, bool) and most >= 0:
            return most * _choices(body)
    return None


def _choices(body: Mapping[str, Any]) -> int:
    """How many answers are asked for: `n` for each prompt."""
    each, prompt = body.get("n"), body.get("prompt")
    several = isinstance(prompt, list) and all(isinstance(item, str | list) for item in prompt)
    prompts = max(1, len(prompt)) if isinstance(prompt, list) and several else 1
    return prompts * (each if isinstance(each, int) and each > 0 else 1)


def _limit(options: Any, opened: OpenCall) -> None:
    """The time-out of the chosen model's tier, unless the call brings one of its own."""
    route = opened.account.origin.route
    if route is None or route.timeout_s is None or route.model != opened.exchange.model:
        return
    if type(options.timeout).__name__ == "NotGiven":
        options.timeout = route.timeout_s


def call_under_way(find: Find) -> OpenCall | None:
    """The call whose request is running here, whatever spans others have opened inside it.

    A framework's span of the same request may be current, where ours gave way to it.
    """
    opened = find(trace.get_current_span().get_span_context())
    if opened is not None and not opened.of_frameworks:
        return opened
    span = neighbours.ours_beside()
    inner = find(span.get_span_context()) if span is not None else None
    return inner or opened


def _exchange_of(response: Any) -> Exchange | None:
    found: Exchange | None = response.request.extensions.get(EXTENSION)
    return found


def sent(request: Any) -> bytes | None:
    """The body as it goes out; None for a multipart stream, which is none of our calls."""
    try:
        content = request.content
    except Exception:  # noqa: BLE001  # httpx and httpx2 each have a RequestNotRead of their own
        return None
    return content if isinstance(content, bytes) else None


def _note(observe: Callable[..., None], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    with guarded("watching a client"):
        observe(*args, **kwargs)


def _watched(
    original: Callable[..., Any], *, observe: Callable[..., None], patches: Patches
) -> Callable[..., Any]:
    @functools.wraps(original)
    def wrapper(client: Any, *args: Any, **kwargs: Any) -> Any:
        if patches.on:
            _note(observe, args, kwargs)
        return original(client, *args, **kwargs)

    @functools.wraps(original)
    async def awaited(client: Any, *args: Any, **kwargs: Any) -> Any:
        if patches.on:
            _note(observe, args, kwargs)
        return await original(client, *args, **kwargs)

    return awaited if inspect.iscoroutinefunction(original) else wrapper
