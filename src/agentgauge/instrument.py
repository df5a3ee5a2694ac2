"""Starts the OpenAI instrumentation on our provider, and our own layer on the client."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from agentgauge.budget import check_budgets
from agentgauge.errors import BudgetExceeded
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
_read: WeakKeyDictionary[TracerProvider, GaugeProcessor] = WeakKeyDictionary()
"""Providers of the user's that are read; what was added to one cannot be taken out."""


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
    for processor in _read.values():
        processor.aim(None)


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
        ClientWatch(_open_call, _before_send).install(openai)
        _start_openinference(sources)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _open_call(context: trace.SpanContext) -> OpenCall | None:
    active = runtime.active()
    return active.pipeline.open_calls.find(context) if active is not None else None


def _before_send(opened: OpenCall) -> None:
    try:
        check_budgets(opened.account)
    except BudgetExceeded:
        opened.exchange.blocked = True
        raise


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


def read_from(provider: TracerProvider, sources: tuple[Source, ...]) -> None:
    """Reads the spans that others write to a provider of the user's; those go their own way all the same."""
    active = runtime.active()
    if active is None:
        return
    if provider in _read:
        _read[provider].aim(active.pipeline, sources)
        return
    processor = GaugeProcessor(active.pipeline, sources, keep_foreign=False)
    provider.add_span_processor(processor)
    _read[provider] = processor


def _read_where_it_is(sources: tuple[Source, ...]) -> None:
    """The user started the instrumentation: its spans are read on the user's provider."""
    active, provider = runtime.active(), trace.get_tracer_provider()
    assert active is not None
    if isinstance(provider, TracerProvider) and provider is not active.provider:
        read_from(provider, sources)
    elif provider is not active.provider:
        _warn(
            "foreign-provider",
            "The OpenAI instrumentation was started on a provider that cannot be read, so its calls are not "
            "counted. Call agentgauge.init() before it, or let agentgauge start it.",
        )
