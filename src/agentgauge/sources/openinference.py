"""Reads the spans of openinference-instrumentation-openai, together with what our client layer saw.

The instrumentation gives the span's life: start, parent, end, error. It also makes spans of requests that
are no calls (retrieve, list), has no usage on many streams, and serialises what was said; so the numbers
are read from the exchange. Where the client layer saw nothing, its attributes are used as far as they go.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import StatusCode

from agentgauge.call import Call, Outcome, Request, Response, TokenUsage, UsageSource
from agentgauge.labels import clean_label
from agentgauge.pipeline.reading import Poll, ProviderOf, Reading
from agentgauge.pipeline.records import Content
from agentgauge.sources.answers import Answered, read_answers
from agentgauge.sources.billing import read_billing
from agentgauge.sources.endpoints import is_poll, operation_of
from agentgauge.sources.usage import MOST_TOKENS, read_usage

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from agentgauge.pipeline.exchange import Exchange, OpenCall

INSTRUMENTATION = "openinference.instrumentation.openai"
OWN = "agentgauge.client"
"""The name of our own spans around the requests of other clients, which an exchange tells of as well."""

_SPAN_OPERATIONS = {
    "ChatCompletion": "chat",
    "Completion": "text_completion",
    "CreateEmbeddings": "embeddings",
}
_CANCELLING = {"CancelledError", "KeyboardInterrupt", "GeneratorExit", "SystemExit"}
_UNDER_WAY = {"queued", "in_progress"}
_FAILED = {"failed", "cancelled"}


class OpenInferenceOpenAI:
    """The default source."""

    of_frameworks = False

    def __init__(self, provider_of: ProviderOf) -> None:
        self._provider_of = provider_of

    def claims(self, span: ReadableSpan) -> bool:
        """Whether the OpenAI instrumentation made this span, or our own layer on another client."""
        scope = span.instrumentation_scope
        return scope is not None and scope.name in (INSTRUMENTATION, OWN)

    def read(self, span: ReadableSpan, opened: OpenCall) -> Reading:
        """The call of a span, as the server told it; tools and estimates are counted later."""
        exchange = opened.exchange
        exchange.take_hidden()
        operation = _operation(span, exchange)
        if operation is None or exchange.blocked:
            return Reading(poll=_poll(span, exchange))
        answered = read_answers(exchange.answers, choices=exchange.choices)
        usage, problems = _usage(span, exchange, operation)
        outcome, error_type = _outcome(span, exchange, answered)
        request = self._request(span, exchange, operation)
        billing = read_billing(exchange.answers, provider=request.provider)
        context = span.get_span_context()
        assert context is not None
        assert span.start_time is not None
        call = Call(
            trace_id=context.trace_id,
            span_id=context.span_id,
            parent_span_id=span.parent.span_id if span.parent else None,
            start_ns=span.start_time,
            end_ns=span.end_time or span.start_time,
            request=request,
            response=billing.noted(_response(span, exchange, answered)),
            origin=opened.origin,
            usage=usage,
            usage_source=source_of(usage),
            retries=max(0, exchange.attempts - 1),
            outcome=outcome,
            error_type=error_type,
            sampled=context.trace_flags.sampled,
        )
        content = Content(exchange.body, tuple(exchange.answers)) if exchange.body is not None else None
        reading = Reading(call=call, content=content, told_nanousd=billing.told_nanousd, problems=problems)
        if answered.status in _UNDER_WAY and (exchange.background or not exchange.stream):
            return replace(
                reading, waits_for=answered.response_id, complete=functools.partial(_complete, reading)
            )
        return reading

    def _request(self, span: ReadableSpan, exchange: Exchange, operation: str) -> Request:
        model = exchange.model or _model_in(exchange.body) or _attribute(span, "llm.model_name") or "unknown"
        return Request(
            operation=operation,
            model=clean_label(model),
            provider=self._provider_of(exchange.host, exchange.port, exchange.path or "")
            or exchange.provider,
            stream=exchange.stream,
            has_tools=exchange.has_tools,
            action="stream" if exchange.stream else "generate",
            server_address=exchange.host,
            server_port=exchange.port,
            over_context=exchange.over_context,
        )


def _complete(reading: Reading, poll: Poll) -> Reading:
    """A background call with the usage and the outcome that a poll has brought."""
    call, answers = reading.call, (poll.answer,)
    assert call is not None
    usage, answered = read_usage(answers), read_answers(answers)
    billing = read_billing(answers, provider=call.request.provider)
    failed = answered.status in _FAILED
    done = replace(
        call,
        end_ns=poll.at_ns,
        response=billing.noted(replace(call.response, finish_reasons=answered.finish_reasons)),
        usage=usage.usage,
        usage_source=source_of(usage.usage),
        outcome=Outcome.ERROR if failed else Outcome.OK,
        error_type=f"response_{answered.status}" if failed else None,
    )
    # Nobody can tell how far a response got that failed out of sight, so nothing of it is estimated.
    content = replace(reading.content, answers=answers) if reading.content and not failed else None
    return Reading(call=done, content=content, told_nanousd=billing.told_nanousd, problems=usage.problems)


def source_of(usage: TokenUsage) -> UsageSource:
    """The source of numbers that a server sent; half of them is mixed until the rest is counted."""
    known = (usage.input is not None) + (usage.output is not None)
    return (UsageSource.NONE, UsageSource.MIXED, UsageSource.PROVIDER)[known]


def _operation(span: ReadableSpan, exchange: Exchange) -> str | None:
    """The operation of a call; None for what is none, and for a request that never left."""
    if exchange.path is not None:
        return operation_of(exchange.method, exchange.path)
    if span.status.status_code is StatusCode.ERROR:
        return None
    # Sent by a client that has hooks of its own: its options tell whether it was one of ours.
    return _SPAN_OPERATIONS.get(span.name) if exchange.model else None


def _poll(span: ReadableSpan, exchange: Exchange) -> Poll | None:
    if not is_poll(exchange.path) or not exchange.answers:
        return None
    answered = read_answers(exchange.answers)
    if answered.response_id is None or answered.status in _UNDER_WAY:
        return None
    return Poll(answered.response_id, exchange.answers[-1], span.end_time or 0)


def _usage(span: ReadableSpan, exchange: Exchange, operation: str) -> tuple[TokenUsage, tuple[str, ...]]:
    if exchange.path is None:
        return _usage_attributes(span), ()
    reading = read_usage(exchange.answers)
    usage = reading.usage
    if operation == "embeddings" and usage.input is not None:
        usage = TokenUsage(usage.input, 0, usage.cache_read)
    return usage, reading.problems


def _usage_attributes(span: ReadableSpan) -> TokenUsage:
    def count(name: str) -> int | None:
        value = (span.attributes or {}).get(f"llm.token_count.{name}")
        return value if isinstance(value, int) and 0 <= value <= MOST_TOKENS else None

    return TokenUsage(
        count("prompt"),
        count("completion"),
        count("prompt_details.cache_read"),
        count("prompt_details.cache_write"),
        count("completion_details.reasoning"),
    )


def _outcome(span: ReadableSpan, exchange: Exchange, answered: Answered) -> tuple[Outcome, str | None]:
    """How it ended. A stream that was left after its last word is whole; left earlier it is cancelled."""
    if span.status.status_code is StatusCode.ERROR:
        name = _exception_name(span)
        if name in _CANCELLING:
            return Outcome.CANCELLED, name
        return Outcome.ERROR, name
    if answered.status in _FAILED or (
        exchange.stream and answered.broken
    ):  # Groq's client leaves the body open
        return Outcome.ERROR, f"response_{answered.status or 'failed'}"
    if span.status.status_code is StatusCode.UNSET and exchange.stream and not answered.complete:
        return Outcome.CANCELLED, None
    if span.status.status_code is StatusCode.UNSET and not exchange.answers:
        return Outcome.UNFINISHED, None
    return Outcome.OK, None


def _exception_name(span: ReadableSpan) -> str:
    for event in reversed(span.events):
        name = (event.attributes or {}).get("exception.type")
        if isinstance(name, str):
            short = name.rsplit(".", 1)[-1]
            return short if re.fullmatch(r"[A-Za-z_]\w{0,63}", short) else "other"
    return "other"


def _response(span: ReadableSpan, exchange: Exchange, answered: Answered) -> Response:
    first = exchange.first_answer_ns if exchange.stream else None
    waited = (first - span.start_time) / 1e9 if first and span.start_time else None
    return Response(
        model=clean_label(answered.model) if answered.model else None,
        id=answered.response_id,
        finish_reasons=answered.finish_reasons,
        time_to_first_chunk_s=max(0.0, waited) if waited is not None else None,
    )


def _model_in(body: bytes | None) -> str | None:
    try:
        parsed = json.loads(body or b"null")
    except ValueError:
        return None
    model = parsed.get("model") if isinstance(parsed, Mapping) else None
    return model if isinstance(model, str) else None


def _attribute(span: ReadableSpan, name: str) -> Any:
    value = (span.attributes or {}).get(name)
    return value if isinstance(value, str) else None
