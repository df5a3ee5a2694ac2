"""Starts the OpenAI instrumentation on our provider, and our own layer on the client."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from agentgauge import pricing
from agentgauge.budget_check import check_budgets, choose_model
from agentgauge.guard import guarded
from agentgauge.importhook import when_imported
from agentgauge.pipeline import runtime
from agentgauge.pipeline.processor import GaugeProcessor
from agentgauge.sources.openai_client import ClientWatch

if TYPE_CHECKING:
    from types import ModuleType

    from agentgauge.pipeline.exchange import OpenCall
    from agentgauge.pipeline.processor import Source

OLDEST_OPENAI = (2, 8)
_OURS: dict[str, Any] = {}
"""The instrumentor that we started, so that `stop` ends only our own."""


def start(sources: tuple[Source, ...]) -> None:
    """Instruments the OpenAI client as soon as somebody imports it; never imports it by itself."""
    if importlib.util.find_spec("openai") is None:
        _warn(
            "no-openai",
            "openai is not installed here, so no call is recorded by itself: install openai 2.8 or newer, "
            "or use agentgauge.record_call().",
        )
        return
    when_imported("openai", lambda module: _instrument(module, sources))


def stop() -> None:
    """Ends what we started; the layer on the client stays and does nothing."""
    instrumentor = _OURS.pop("openai", None)
    if instrumentor is not None:
        with guarded("ending the OpenAI instrumentation"):
            instrumentor.uninstrument()


def _warn(code: str, message: str) -> None:
    active = runtime.active()
    if active is not None:
        active.pipeline.warn(code, message)


def _instrument(openai: ModuleType, sources: tuple[Source, ...]) -> None:
    with guarded("starting the OpenAI instrumentation"):
        version = importlib.metadata.version("openai")
        if _numbers(version) < OLDEST_OPENAI:
            _warn(
                "openai-too-old",
                f"openai {version} is too old to be recorded: no call of it is counted. "
                "Install openai 2.8 or newer.",
            )
            return
        ClientWatch(_open_call, _before_send, choose_model).install(openai)
        _start_openinference(sources)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _open_call(context: trace.SpanContext) -> OpenCall | None:
    active = runtime.active()
    return active.pipeline.open_calls.find(context) if active is not None else None


def _before_send(opened: OpenCall) -> None:
    active, exchange = runtime.active(), opened.exchange
    if active is None:
        return
    provider = pricing.provider_of(
        exchange.host, exchange.port, exchange.path or "", providers=active.settings.providers
    )
    check_budgets(opened, provider=provider, prices=active.pipeline.prices)


def _start_openinference(sources: tuple[Source, ...]) -> None:
    # It imports the client, which we never do by ourselves.
    from openinference.instrumentation import TraceConfig  # noqa: PLC0415
    from openinference.instrumentation.openai import OpenAIInstrumentor  # noqa: PLC0415

    active, instrumentor = runtime.active(), OpenAIInstrumentor()
    if active is None:
        return
    if instrumentor.is_instrumented_by_opentelemetry:
        _read_where_it_is(sources)
        return
    # What was said is read from the client's own exchange; on the span it would only cost time.
    config = TraceConfig(hide_inputs=True, hide_outputs=True, hide_embeddings_vectors=True)
    instrumentor.instrument(tracer_provider=active.provider, config=config)
    _OURS["openai"] = instrumentor


def _read_where_it_is(sources: tuple[Source, ...]) -> None:
    """The user started the instrumentation: its spans are read on the user's provider."""
    active, provider = runtime.active(), trace.get_tracer_provider()
    assert active is not None
    if isinstance(provider, TracerProvider) and provider is not active.provider:
        processor = GaugeProcessor(active.pipeline, sources, active.pipeline.open_calls)
        processor.keep_foreign = False
        provider.add_span_processor(processor)
    elif provider is not active.provider:
        _warn(
            "foreign-provider",
            "The OpenAI instrumentation was started on a provider that cannot be read, so its calls are not "
            "counted. Call agentgauge.init() before it, or let agentgauge start it.",
        )
