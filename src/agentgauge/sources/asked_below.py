"""What a request asks for, read from its URL and body where a client has no hook that tells."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from agentgauge.sources.endpoints import operation_of
from agentgauge.sources.openai_client import OBJECT_ONLY, note_body
from agentgauge.sources.streamed_body import parsed

if TYPE_CHECKING:
    from agentgauge.pipeline.exchange import Exchange, OpenCall
    from agentgauge.sources.openai_client import Check

_MODEL = re.compile(r"/model/([^/]+)|/models/([^/:]+)")


def note_request(opened: OpenCall, method: str, url: Any, body: bytes | None, *, before_send: Check) -> None:
    """Notes what is asked of whom; stops it where a budget says so.

    Args:
        opened: the call.
        method: of the request.
        url: with `host`, `port` and `path`.
        body: as it is sent; None when it is a stream, which is none of our calls.
        before_send: is asked before a call's first attempt; what it raises stops the call.
    """
    exchange = opened.exchange
    exchange.method, exchange.path, exchange.body = method, url.path, body
    exchange.host, exchange.port = url.host, url.port
    try:
        asked = json.loads(body or b"null")
    except (ValueError, RecursionError):
        asked = None
    if isinstance(asked, Mapping):
        note_body(asked, exchange)
        exchange.has_tools = exchange.has_tools or bool(asked.get("toolConfig"))
    named = _MODEL.search(url.path)
    if exchange.model is None and named is not None:
        exchange.model = unquote(named[1] or named[2])
    exchange.stream = exchange.stream or "stream" in url.path.rpartition("/")[2].lower()
    if exchange.attempts == 0 and operation_of(method, url.path) is not None:
        before_send(opened)


def note_answer(exchange: Exchange, text: str) -> None:
    """Takes in one body, or the events of a stream; of embeddings without their vectors, which are large."""
    vectors = operation_of(exchange.method, exchange.path) == "embeddings"
    for data in parsed(text):
        exchange.answer({name: data[name] for name in OBJECT_ONLY if name in data} if vectors else data)
