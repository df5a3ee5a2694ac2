"""Amazon's client below the spans of OpenInference's sibling: what that leaves out of a request to Bedrock.

One method sends every operation of botocore's clients. Inside a sibling's span it gives the request as it
was asked, the attempts, and the events of a stream as they come.
"""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from agentgauge.guard import guarded
from agentgauge.sources.asked_below import note_request
from agentgauge.sources.siblings import sibling_under_way

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from agentgauge.patches import Patches
    from agentgauge.pipeline.exchange import Exchange
    from agentgauge.sources.openai_client import Check, Find

_PATHS = {
    "Converse": "converse",
    "ConverseStream": "converse-stream",
    "InvokeModel": "invoke",
    "InvokeModelWithResponseStream": "invoke-with-response-stream",
}


def instrument_calls(client: ModuleType, patches: Patches, find: Find, before_send: Check) -> None:
    """Watches what clients of botocore ask of Bedrock inside a sibling's span.

    Args:
        client: `botocore.client`.
        patches: what is put into it, and whether that is to work.
        find: the open call of a span, None when it is no call.
        before_send: is asked before a call leaves; what it raises stops the call.
    """
    layer = functools.partial(_watched, patches=patches, find=find, before_send=before_send)
    patches.put(client.BaseClient, "_make_api_call", layer)


def _watched(
    original: Callable[..., Any], *, patches: Patches, find: Find, before_send: Check
) -> Callable[..., Any]:
    def leaving(client: Any, operation: str, asked: Any) -> Exchange | None:
        if not patches.on or operation not in _PATHS or not isinstance(asked, Mapping):
            return None
        with guarded("watching a client"):
            opened = sibling_under_way(find)
            if opened is None:
                return None
            url = urlsplit(client.meta.endpoint_url)
            path = f"/model/{quote(str(asked.get('modelId')), safe='')}/{_PATHS[operation]}"
            opened.exchange.model = None
            note_request(opened, "POST", _Url(url, path), _body(asked), before_send=before_send)
            opened.exchange.attempts = 1
            return opened.exchange
        return None

    @functools.wraps(original)
    def make_api_call(client: Any, operation_name: str, api_params: Any) -> Any:
        exchange = leaving(client, operation_name, api_params)
        try:
            answer = original(client, operation_name, api_params)
        except Exception as error:
            _note_attempts(getattr(error, "response", None), exchange)
            raise
        _answered(answer, exchange)
        return answer

    return make_api_call


class _Url:
    """A URL as HTTP libraries have it."""

    def __init__(self, endpoint: Any, path: str) -> None:
        self.host, self.port, self.path = endpoint.hostname, endpoint.port, path


def _body(asked: Mapping[str, Any]) -> bytes | None:
    """The request's JSON: Converse's own, or what a model is invoked with."""
    body = asked.get("body")
    if body is None:
        rest = {name: value for name, value in asked.items() if name != "modelId"}
        return json.dumps(rest, default=_text).encode()
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else None


def _text(value: object) -> str:
    """Images and documents, as they are sent."""
    return base64.b64encode(value).decode() if isinstance(value, bytes | bytearray) else ""


def _note_attempts(answer: Any, exchange: Exchange | None) -> None:
    metadata = answer.get("ResponseMetadata") if isinstance(answer, Mapping) else None
    if exchange is None or not isinstance(metadata, Mapping):
        return
    again = metadata.get("RetryAttempts")
    exchange.attempts = 1 + (again if isinstance(again, int) else 0)


def _answered(answer: Any, exchange: Exchange | None) -> None:
    if exchange is None or not isinstance(answer, Mapping):
        return
    with guarded("watching an answer"):
        _note_attempts(answer, exchange)
        stream = answer.get("stream") or answer.get("body")
        if "usage" in answer:
            exchange.answer({name: value for name, value in answer.items() if name != "ResponseMetadata"})
        elif hasattr(stream, "_parse_event"):
            _follow(stream, exchange)


def _follow(stream: Any, exchange: Exchange) -> None:
    """Sees each event of a stream as the caller gets it; one that tells of an error is raised there."""
    parse = stream._parse_event  # noqa: SLF001  # what the stream makes of each event

    def parsed(raw: Any) -> Any:
        event = parse(raw)
        with guarded("watching a stream"):
            if isinstance(event, Mapping):
                _note_event(event, exchange)
        return event

    stream._parse_event = parsed  # noqa: SLF001  # as above


def _note_event(event: Mapping[str, Any], exchange: Exchange) -> None:
    chunk = event.get("chunk")
    raw = chunk.get("bytes") if isinstance(chunk, Mapping) else None
    data = json.loads(raw) if isinstance(raw, bytes) else event
    if isinstance(data, Mapping):
        exchange.answer(data)
