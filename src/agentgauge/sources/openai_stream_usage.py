"""Asks servers for the usage of streams, where a setting says so, and keeps the answer from the caller.

A stream of chat completions or completions tells what it used only where `stream_options.include_usage` asks
for it, in a chunk of its own without any choices. Programs that take `chunk.choices[0]` break on it, so it is
taken out on its way (`hidden_chunk`).
"""

from __future__ import annotations

import copy
import functools
import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentgauge.guard import guarded
from agentgauge.hosts import host_and_port, hosts_of
from agentgauge.pipeline import runtime
from agentgauge.sources.openai_client import call_under_way

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentgauge.pipeline.exchange import Exchange
    from agentgauge.sources.openai_client import Find

ALL = "all"
"""The setting's word for every host."""

_ASKED = re.compile(r"(^|/)(chat/)?completions/?$")
_REFUSED = 400
_refusing: set[str] = set()
"""Servers, as host:port, that answer a request for usage with an error."""


def asking(original: Callable[..., Any], find: Find) -> Callable[..., Any]:
    """The client's `request`, asking for usage where it is wanted; without, where it is refused."""

    @functools.wraps(original)
    def request(client: Any, *args: Any, **kwargs: Any) -> Any:
        asked = _Asked.of(client, args, kwargs, find)
        if asked is None:
            return original(client, *args, **kwargs)
        try:
            return original(client, *asked.args, **asked.kwargs)
        except Exception as error:
            if not asked.is_refused_by(error):
                raise
        answer = original(client, *args, **kwargs)
        asked.remember()
        return answer

    @functools.wraps(original)
    async def awaited(client: Any, *args: Any, **kwargs: Any) -> Any:
        asked = _Asked.of(client, args, kwargs, find)
        if asked is None:
            return await original(client, *args, **kwargs)
        try:
            return await original(client, *asked.args, **asked.kwargs)
        except Exception as error:
            if not asked.is_refused_by(error):
                raise
        answer = await original(client, *args, **kwargs)
        asked.remember()
        return answer

    return awaited if inspect.iscoroutinefunction(original) else request


class _Asked:
    """A request with the question put in, as positional and named arguments of `request`."""

    def __init__(
        self, server: str, exchange: Exchange, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._server = server
        self._exchange = exchange
        self.args = args
        self.kwargs = kwargs

    @classmethod
    def of(cls, client: Any, args: tuple[Any, ...], kwargs: dict[str, Any], find: Find) -> _Asked | None:
        """None where the caller, the setting or the server wants it to go out as it is."""
        active = runtime.active()
        if active is None or not active.settings.stream_usage:
            return None
        with guarded("asking for a stream's usage"):
            options = kwargs["options"] if "options" in kwargs else args[1]
            host, port = host_and_port(str(client.base_url))
            server, opened = f"{host}:{port}", call_under_way(find)
            wanted = _is_wanted(tuple(active.settings.stream_usage), host, port)
            if opened is None or not wanted or server in _refusing or not _lacks_it(options):
                return None
            changed = copy.copy(options)
            given = options.json_data.get("stream_options") or {}
            changed.json_data = {**options.json_data, "stream_options": {**given, "include_usage": True}}
            opened.exchange.hides_usage = True
            if "options" in kwargs:
                return cls(server, opened.exchange, args, {**kwargs, "options": changed})
            return cls(server, opened.exchange, (args[0], changed, *args[2:]), kwargs)
        return None

    def is_refused_by(self, error: Exception) -> bool:
        """Whether it may be the question that the server did not like."""
        refused = getattr(error, "status_code", None) == _REFUSED
        self._exchange.hides_usage = not refused
        return refused

    def remember(self) -> None:
        """It was: without the question, the server answers."""
        _refusing.add(self._server)


def _is_wanted(entries: tuple[str, ...], host: str, port: int | None) -> bool:
    return ALL in entries or hosts_of(entries).hold(host, port)


def _lacks_it(options: Any) -> bool:
    """Whether it is a stream without usage whose caller has not said whether he wants any."""
    body = options.json_data
    if not isinstance(body, Mapping) or body.get("stream") is not True or not _ASKED.search(options.url):
        return False
    given, more = body.get("stream_options"), getattr(options, "extra_json", None) or {}
    if "stream_options" in more or not (given is None or isinstance(given, Mapping)):
        return False
    return given is None or "include_usage" not in given
