"""Follows a stream of Bedrock's as the caller reads it, and reads what Bedrock adds to a model's answer."""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Status, StatusCode

from agentgauge.guard import guarded
from agentgauge.sources.usage import find_usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentgauge.pipeline.exchange import Exchange
    from agentgauge.sources.stainless import CallSpan

_METRICS = "amazon-bedrock-invocationMetrics"
_HEADERS = ("x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count")


def follow(stream: Any, exchange: Exchange, span: CallSpan) -> None:
    """Lets the span end with a stream of botocore's (`EventStream`), with all that came by then.

    A stream is ended by its last event, an error, its `close`, or by nobody's holding it any more.
    """
    ending = _Ending(exchange, span)
    parse, close, events = stream._parse_event, stream.close, stream._event_generator  # noqa: SLF001  # its own

    def parsed(raw: Any) -> Any:
        try:
            event = parse(raw)
        except Exception as error:
            ending.failed(error)
            raise
        with guarded("watching a stream"):
            ending.note(event)
        return event

    def closed() -> None:
        try:
            close()
        finally:
            ending.end()

    stream._parse_event, stream.close = parsed, closed  # noqa: SLF001  # as above
    stream._event_generator = _followed(events, ending)  # noqa: SLF001  # as above
    weakref.finalize(stream, ending.end).atexit = False


def _followed(events: Iterator[Any], ending: _Ending) -> Iterator[Any]:
    try:
        yield from events
    except Exception as error:
        ending.failed(error)
        raise
    ending.end(Status(StatusCode.OK))


class _Ending:
    """Ends the span of a stream, once."""

    def __init__(self, exchange: Exchange, span: CallSpan) -> None:
        self._exchange = exchange
        self._span = span
        self._ended = False
        self._metrics: Mapping[str, Any] | None = None

    def note(self, event: Any) -> None:
        """Takes in an event: Converse's own, or what a model wrote in one of its chunks."""
        chunk = event.get("chunk") if isinstance(event, Mapping) else None
        raw = chunk.get("bytes") if isinstance(chunk, Mapping) else None
        data = json.loads(raw) if isinstance(raw, bytes) else event
        if isinstance(data, Mapping):
            self._exchange.answer(data)
            metrics = data.get(_METRICS)
            self._metrics = metrics if isinstance(metrics, Mapping) else self._metrics

    def failed(self, error: BaseException) -> None:
        """Reading broke off."""
        if not self._ended:
            self._span.record_exception(error)
            self.end(Status(StatusCode.ERROR))

    def end(self, status: Status | None = None) -> None:
        """The caller has done with it."""
        if self._ended:
            return
        self._ended = True
        if self._metrics is not None and find_usage(self._exchange.answers) is None:
            counts = self._metrics.get("inputTokenCount"), self._metrics.get("outputTokenCount")
            self._exchange.answer(_usage(*counts))
        self._span.finish_tracing(status)


def usage_of_headers(metadata: Any) -> Mapping[str, Any] | None:
    """What Bedrock counted of a model whose own answer does not tell; None when it does not say."""
    headers = metadata.get("HTTPHeaders") if isinstance(metadata, Mapping) else None
    told = [headers.get(name) for name in _HEADERS] if isinstance(headers, Mapping) else []
    counts = [int(value) for value in told if isinstance(value, str) and value.isdecimal()]
    return _usage(*counts) if len(counts) == len(_HEADERS) else None


def _usage(given: Any, made: Any) -> Mapping[str, Any]:
    return {"usage": {"inputTokens": given, "outputTokens": made}}
