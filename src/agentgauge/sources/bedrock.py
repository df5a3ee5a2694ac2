"""Amazon's client, whose one method sends every operation: those that ask a model of Bedrock are calls.

OpenInference's sibling tells nothing of many streams, ends the span of others as they begin, and there can
be only one of it. Ours is inside its span, which gives way; agents and awaited clients are the sibling's own.
"""

from __future__ import annotations

import base64
import functools
import io
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from opentelemetry.trace import Status, StatusCode

from agentgauge._version import __version__
from agentgauge.guard import guarded
from agentgauge.pipeline.provider import RunningProvider
from agentgauge.sources.asked_below import note_answer, note_request
from agentgauge.sources.bedrock_stream import follow, usage_of_headers
from agentgauge.sources.client_span import around_request
from agentgauge.sources.openai_client import call_under_way
from agentgauge.sources.openinference import OWN
from agentgauge.sources.stainless import Traced
from agentgauge.sources.usage import find_usage
from agentgauge.sources.watched import watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from agentgauge.patches import Patches
    from agentgauge.pipeline.exchange import Exchange
    from agentgauge.sources.openai_client import Check, Find
    from agentgauge.sources.stainless import CallSpan

PROVIDER = "aws.bedrock"
_PATHS = {
    "Converse": "converse",
    "ConverseStream": "converse-stream",
    "InvokeModel": "invoke",
    "InvokeModelWithResponseStream": "invoke-with-response-stream",
}


def instrument_calls(client: ModuleType, patches: Patches, find: Find, before_send: Check) -> None:
    """Makes a span of every request to a model of Bedrock, once, on whichever provider is running.

    Args:
        client: `botocore.client`.
        patches: what is put into it, and whether that is to work.
        find: the open call of a span, None when it is no call.
        before_send: is asked before a call leaves; what it raises stops the call.
    """
    traced = _Traced(RunningProvider().get_tracer(OWN, __version__), find)
    noting = functools.partial(_noting, find=find, before_send=before_send)

    def layer(original: Callable[..., Any]) -> Callable[..., Any]:
        recorded = around_request(
            original, traced=traced, patches=patches, find=find, watch=lambda _: None, within=noting
        )

        @functools.wraps(original)
        def make_api_call(client: Any, operation_name: str, api_params: Any) -> Any:
            send = recorded if operation_name in _PATHS else original
            return send(client, operation_name, api_params)

        return make_api_call

    patches.put(client.BaseClient, "_make_api_call", layer)
    watched.add("botocore")  # OpenTelemetry's official instrumentation, inside ours


class _Traced(Traced):
    """A span that ends with the answer, or with its stream."""

    def _answered(self, answer: Any, span: CallSpan) -> None:
        with guarded("watching an answer"):
            opened = self._find(span.context)
            if opened is not None and isinstance(answer, Mapping):
                exchange = opened.exchange
                _note_attempts(answer, exchange)
                stream = answer.get("stream") or answer.get("body")
                if hasattr(stream, "_parse_event"):
                    follow(stream, exchange, span)
                    return
                _note_whole(answer, exchange)
        span.finish_tracing(Status(StatusCode.OK))


def _noting(original: Callable[..., Any], *, find: Find, before_send: Check) -> Callable[..., Any]:
    """`original`, which notes the request in the call that is under way, and how often it was tried."""

    @functools.wraps(original)
    def make_api_call(client: Any, operation_name: str, api_params: Any) -> Any:
        opened = call_under_way(find)
        with guarded("watching a client"):
            if opened is not None and isinstance(api_params, Mapping):
                endpoint = urlsplit(client.meta.endpoint_url)
                path = f"/model/{quote(str(api_params.get('modelId')), safe='')}/{_PATHS[operation_name]}"
                url = SimpleNamespace(host=endpoint.hostname, port=endpoint.port, path=path)
                opened.exchange.provider = PROVIDER
                note_request(opened, "POST", url, _body(api_params), before_send=before_send)
                opened.exchange.attempts = 1
        try:
            answer = original(client, operation_name, api_params)
            if operation_name == "InvokeModel":
                _read_whole(answer)
        except Exception as error:
            if opened is not None:
                _note_attempts(getattr(error, "response", None), opened.exchange)
            raise
        return answer

    return make_api_call


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


def _read_whole(answer: Any) -> None:
    """Reads the answer of `invoke_model`, one JSON, so that it can be read again by the caller."""
    body = answer.get("body") if isinstance(answer, dict) else None
    if body is not None and hasattr(body, "_raw_stream"):
        text = body.read()
        answer["body"] = type(body)(io.BytesIO(text), len(text))


def _note_attempts(answer: Any, exchange: Exchange) -> None:
    metadata = answer.get("ResponseMetadata") if isinstance(answer, Mapping) else None
    again = metadata.get("RetryAttempts") if isinstance(metadata, Mapping) else None
    exchange.attempts = 1 + (again if isinstance(again, int) else 0)


def _note_whole(answer: Mapping[str, Any], exchange: Exchange) -> None:
    if "output" in answer:
        exchange.answer({name: value for name, value in answer.items() if name != "ResponseMetadata"})
        return
    raw = getattr(answer.get("body"), "_raw_stream", None)
    if isinstance(raw, io.BytesIO):
        note_answer(exchange, raw.getvalue().decode("utf-8", "replace"))
    told = usage_of_headers(answer.get("ResponseMetadata"))
    if told is not None and find_usage(exchange.answers) is None:
        exchange.answer(told)
