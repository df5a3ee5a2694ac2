"""Reads the model requests in the spans of frameworks and of other clients' instrumentations.

The vocabularies are those of OpenTelemetry's GenAI conventions, OpenInference, OpenLLMetry and pydantic-ai.
Such a span counts as a call only where no client inside it tells of the same request, and where it says what
the request used; the sums that agents' spans carry never count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opentelemetry.trace import StatusCode

from agentgauge.call import Call, Outcome, Request, Response, TokenUsage
from agentgauge.labels import clean_label
from agentgauge.pipeline.ended import hear_no_more
from agentgauge.pipeline.foreign import error_type
from agentgauge.pipeline.reading import Reading
from agentgauge.sources.openinference import OpenInferenceOpenAI, source_of
from agentgauge.sources.siblings import SCOPES
from agentgauge.sources.vocabularies import (
    HOST,
    PROVIDER,
    REQUEST_MODEL,
    RESPONSE_MODEL,
    operation_in,
    provider_in,
    text_in,
    usage_in,
)
from agentgauge.sources.watched import instruments_watched

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from agentgauge.pipeline.exchange import OpenCall
    from agentgauge.pipeline.reading import ProviderOf

ToldAlready = Callable[[Call], bool]
"""Whether a client has told of the same request already."""

_OF_THE_CLIENT = re.compile(r"(^|[._])openai(_v\d+|\.v\d+)?$")
"""Instrumentations of the OpenAI client itself, whose every request our own layer on it tells of."""
_NO_SERVERS = {"test", "function"}
"""Providers of pydantic-ai that stand for a model in tests, and make up what they used."""


class GenAISpans:
    """Every instrumentation that has no source of its own."""

    of_frameworks = True

    def __init__(
        self, provider_of: ProviderOf, told_already: ToldAlready, *, client_is_watched: bool = True
    ) -> None:
        self._provider_of = provider_of
        self._by_exchange = OpenInferenceOpenAI(provider_of)
        self._told_already = told_already
        self._client_is_watched = client_is_watched

    def claims(self, span: ReadableSpan) -> bool:
        """Whether the span says that it is a request to a model."""
        scope = span.instrumentation_scope
        if scope is not None and instruments_watched(scope.name):
            return False
        if scope is not None and self._client_is_watched and _OF_THE_CLIENT.search(scope.name):
            return False
        # Some of OpenInference's say only later what kind of span it is.
        late = scope is not None and scope.name in SCOPES and "openinference.span.kind" not in _given(span)
        return late or operation_of(span) is not None

    def read(self, span: ReadableSpan, opened: OpenCall) -> Reading:
        """The call, if the request is told of here and nowhere else."""
        scope = span.instrumentation_scope
        of_client = scope is not None and scope.name in SCOPES  # a request, whatever is known of it
        if of_client and (live := opened.span()) is not None:
            hear_no_more(live)  # Bedrock's is ended twice where a request is refused
        if opened.inside or operation_of(span) is None:
            return Reading(foreign=True)
        if opened.exchange.path is not None:
            return _with_attributes(self._by_exchange.read(span, opened), span)
        call = self._call(span, opened)
        known = of_client or call.usage.input is not None or call.usage.output is not None
        if not known or call.request.provider in _NO_SERVERS or self._told_already(call):
            return Reading(foreign=True)
        return Reading(call=call)

    def _call(self, span: ReadableSpan, opened: OpenCall) -> Call:
        context = span.get_span_context()
        assert context is not None
        request = self._request(span)
        start_ns, usage = span.start_time or 0, _usage(span, request.provider)
        failed = span.status.status_code is StatusCode.ERROR
        return Call(
            trace_id=context.trace_id,
            span_id=context.span_id,
            parent_span_id=span.parent.span_id if span.parent else None,
            start_ns=start_ns,
            end_ns=span.end_time or start_ns,
            request=request,
            response=_response(span),
            origin=opened.origin,
            usage=usage,
            usage_source=source_of(usage),
            outcome=Outcome.ERROR if failed else Outcome.OK,
            error_type=error_type(span) if failed else None,
            sampled=context.trace_flags.sampled,
        )

    def _request(self, span: ReadableSpan) -> Request:
        host, port, path = _address(span)
        request = Request(
            operation=operation_of(span) or "chat",
            model=clean_label(_text(span, *REQUEST_MODEL) or "unknown"),
            stream=_value(span, "gen_ai.request.stream") is True,
            server_address=host,
            server_port=port,
        )
        # By the host, as everywhere; the instrumentation's word counts where it names no host.
        told, said = provider_in(_given(span)), _text(span, *PROVIDER)
        if said is not None:
            request = replace(request, model=request.model.removeprefix(f"{said}/"))  # as LiteLLM names them
        if host is not None and told not in _NO_SERVERS:
            told = self._provider_of(host, port, path)
        return replace(request, provider=clean_label(told) if told else None)


def _with_attributes(reading: Reading, span: ReadableSpan) -> Reading:
    """What the client did in this very span, and what only the span says.

    Whose model it is says the host; where that is nobody's, the span's word counts, unless it is OpenAI's,
    whose API many servers speak.
    """
    call = reading.call
    if call is None:
        return reading
    told = provider_in(_given(span))
    if call.request.provider is None and told not in (None, "openai", *_NO_SERVERS):
        call = replace(call, request=replace(call.request, provider=clean_label(told or "")))
    if call.usage.input is None and call.usage.output is None:
        usage = _usage(span, call.request.provider)
        call = replace(call, usage=usage, usage_source=source_of(usage))
    return replace(reading, call=call)


def _address(span: ReadableSpan) -> tuple[str | None, int | None, str]:
    """Host, port and path of the server, as far as the span says."""
    address, port = _text(span, *HOST), _value(span, "server.port")
    port = port if isinstance(port, int) else None
    if address is None or "://" not in address:
        return address, port, ""
    try:
        url = urlsplit(address)
        port = url.port or port
    except ValueError:
        return None, port, ""
    return url.hostname, port, url.path


def operation_of(span: ReadableSpan) -> str | None:
    """The operation of a request to a model; None for other spans."""
    return operation_in(_given(span))


def _response(span: ReadableSpan) -> Response:
    reasons = _value(span, "gen_ai.response.finish_reasons")
    model = _text(span, *RESPONSE_MODEL)
    return Response(
        model=clean_label(model) if model else None,
        id=_text(span, "gen_ai.response.id"),
        finish_reasons=tuple(map(clean_label, reasons)) if isinstance(reasons, tuple) else (),
    )


def _usage(span: ReadableSpan, provider: str | None) -> TokenUsage:
    return usage_in(_given(span), operation=operation_of(span), provider=provider)


def _text(span: ReadableSpan, *names: str) -> str | None:
    return text_in(_given(span), names)


def _value(span: ReadableSpan, name: str) -> Any:
    return _given(span).get(name)


def _given(span: ReadableSpan) -> Mapping[str, Any]:
    return span.attributes or {}
