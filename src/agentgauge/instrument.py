"""Puts an instrumentation and our own layer into the clients, and takes them out again."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import re
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from opentelemetry import context as otel_context

from agentgauge import pricing
from agentgauge.budget_check import check_budgets, choose_model
from agentgauge.context_check import check_context
from agentgauge.guard import guarded
from agentgauge.importhook import no_longer, when_imported
from agentgauge.patches import Patches
from agentgauge.pipeline import runtime
from agentgauge.pipeline.processor import GaugeProcessor
from agentgauge.sources import bedrock, below, mistral, siblings, stainless
from agentgauge.sources.openai_client import ClientWatch
from agentgauge.sources.stainless import CLIENTS
from agentgauge.sources.watched import watched

if TYPE_CHECKING:
    from types import ModuleType

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import SpanContext

    from agentgauge.pipeline.exchange import OpenCall
    from agentgauge.pipeline.processor import Source
    from agentgauge.sources.stainless import Client

OLDEST_OPENAI = (2, 8)
_patches = Patches()
"""What has been put into the client, for the life of the process."""
_read: WeakKeyDictionary[TracerProvider, GaugeProcessor] = WeakKeyDictionary()
"""Providers of the user's that are read; what was added to one cannot be taken out."""


def start() -> None:
    """Instruments each client as soon as somebody imports it; never imports one by itself."""
    installed = [client for client in CLIENTS if _there(client.module)]
    others = installed or siblings.installed() or _there("mistralai")
    if not others and not _there("openai"):
        _warn(
            "no-openai",
            "openai is not installed here, nor anthropic, groq, mistralai or the extra of another client, so "
            "no call is recorded by itself but boto3's to Bedrock: install one of them (openai 2.8 or newer) "
            "or use agentgauge.record_call().",
        )
    if not type(otel_context._RUNTIME_CONTEXT).__module__.startswith("opentelemetry."):  # noqa: SLF001  # no public way
        _warn(
            "foreign-context",
            "Another library has replaced OpenTelemetry's context by one that keeps only its own spans, so "
            "nobody can tell whose a call is: no call is recorded by itself. With Datadog, unset "
            "DD_TRACE_OTEL_ENABLED.",
        )
        return
    when_imported("openai", _instrument)
    for client in installed:
        when_imported(client.module, _others[client.module])
    for module in mistral.MODULES:
        when_imported(module, _instrument_mistral)
    if siblings.installed():
        for library in below.LIBRARIES:
            when_imported(library, _watch_http)
    when_imported("botocore.client", _watch_bedrock)
    siblings.start()


def stop() -> None:
    """Takes out of the client what `start` has put in; calls under way end as they began."""
    no_longer("openai", _instrument)
    for module, callback in _others.items():
        no_longer(module, callback)
    for module in mistral.MODULES:
        no_longer(module, _instrument_mistral)
    for library in below.LIBRARIES:
        no_longer(library, _watch_http)
    no_longer("botocore.client", _watch_bedrock)
    siblings.stop()
    with guarded("leaving the clients"):
        _patches.take_out()
    watched.clear()
    for processor in _read.values():
        processor.aim(None)


def _there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _warn(code: str, message: str) -> None:
    active = runtime.active()
    if active is not None:
        active.pipeline.warn(code, message)


def _instrument(openai: ModuleType) -> None:
    with guarded("starting the OpenAI instrumentation"):
        version = importlib.metadata.version("openai")
        if _numbers(version) < OLDEST_OPENAI:
            _warn(
                "openai-too-old",
                f"openai {version} is too old to be recorded: no call of it is counted. "
                "Install openai 2.8 or newer.",
            )
            return
        # It imports the client, which we never do by ourselves.
        from agentgauge.sources.openai_requests import instrument_requests  # noqa: PLC0415

        watch = ClientWatch(_open_call, _before_send, choose_model, _patches)
        watch.install(openai)
        instrument_requests(openai, _patches, _open_call, watch.watch_own)
        _patches.on = True


def _instrument_other(library: ModuleType, *, client: Client) -> None:
    with guarded("watching a client library"):
        version = importlib.metadata.version(client.module)
        if _numbers(version) < client.oldest:
            oldest = ".".join(map(str, client.oldest))
            _warn(
                f"{client.module}-too-old",
                f"{client.module} {version} is too old to be recorded: no call of it is counted. "
                f"Install {client.module} {oldest} or newer.",
            )
            return
        watch = ClientWatch(_open_call, _before_send, choose_model, _patches)
        watch.install(library, client.classes)
        stainless.instrument_requests(library, _patches, _open_call, watch.watch_own)
        _patches.on = True


def _instrument_mistral(base: ModuleType) -> None:
    with guarded("watching a client library"):
        mistral.instrument_requests(base, _patches, _open_call, _before_send)
        _patches.on = True


def _watch_http(library: ModuleType) -> None:
    with guarded("watching an HTTP library"):
        below.instrument_http(library, _patches, _open_call, _before_send)
        _patches.on = True


def _watch_bedrock(client: ModuleType) -> None:
    with guarded("watching a client library"):
        bedrock.instrument_calls(client, _patches, _open_call, _before_send)
        _patches.on = True


_others = {client.module: functools.partial(_instrument_other, client=client) for client in CLIENTS}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _open_call(context: SpanContext) -> OpenCall | None:
    active = runtime.active()
    return active.pipeline.open_calls.find(context) if active is not None else None


def _before_send(opened: OpenCall) -> None:
    active, exchange = runtime.active(), opened.exchange
    if active is None:
        return
    provider = exchange.provider or pricing.provider_of(
        exchange.host, exchange.port, exchange.path or "", providers=active.settings.providers
    )
    check_budgets(opened, provider=provider, prices=active.pipeline.prices)
    limits = active.settings.context_limits
    check_context(exchange, provider=provider, own=limits, pipeline=active.pipeline)


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
