"""`init()`: reads the settings and builds the running parts."""

from __future__ import annotations

import functools
import json
import logging
import os
import threading
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from agentgauge import instrument, lifecycle, pricing, semconv
from agentgauge._version import __version__
from agentgauge.config import Settings, read_settings
from agentgauge.errors import ConfigError
from agentgauge.frameworks import start as frameworks
from agentgauge.guard import guarded
from agentgauge.pipeline import runtime, spans
from agentgauge.pipeline.core import OutboxAddress, Pipeline
from agentgauge.pipeline.processor import GaugeProcessor
from agentgauge.pipeline.provider import make_provider, resource_of
from agentgauge.pipeline.sender import Sender
from agentgauge.sources.genai import GenAISpans
from agentgauge.sources.names import Names
from agentgauge.sources.openinference import OpenInferenceOpenAI
from agentgauge.store.rows import Process
from agentgauge.store.write import Store

if TYPE_CHECKING:
    import os as _os
    from collections.abc import Callable, Mapping

    from opentelemetry.sdk.trace.export import SpanExporter

    from agentgauge.pipeline.records import SpanRecord

RUN_ID = "AGENTGAUGE_RUN_ID"
AUTO = "AGENTGAUGE_AUTO"
_SENDER_THREAD = "agentgauge-sender"
_lock = threading.RLock()


def init(
    service_name: str | None = None,
    *,
    store: str | _os.PathLike[str] | None = None,
    endpoint: str | None = None,
    environment: str | None = None,
    release: str | None = None,
    providers: Mapping[str, str] | None = None,
    settings: Settings | None = None,
) -> None:
    """Starts recording every model call of this process.

    It may come before or after the client was made; a second call changes nothing. Without an OTLP
    endpoint calls go to the SQLite store that `agentgauge report` reads; with one they go there too.
    Under `agentgauge run` these settings hold, but the store stays that of the run.

    Args:
        service_name: `service.name`; OTEL_SERVICE_NAME when not given.
        store: the SQLite file, or "off"; AGENTGAUGE_STORE.
        endpoint: OTLP base URL such as http://localhost:4318; OTEL_EXPORTER_OTLP_ENDPOINT.
        environment: `deployment.environment.name`; AGENTGAUGE_ENVIRONMENT.
        release: `service.version`; AGENTGAUGE_RELEASE.
        providers: host or host:port -> provider, for servers that are on no public price list.
        settings: all settings at once, in place of the other arguments.

    Raises:
        ConfigError: an argument has the wrong type.
    """
    if os.environ.get(AUTO) == "1":
        store = None  # the environment's, from which `agentgauge run` makes its bill
    if settings is not None and not isinstance(settings, Settings):
        raise ConfigError('settings must be an agentgauge.Settings, e.g. Settings(service_name="bot").')
    chosen = settings or read_settings(
        service_name=service_name,
        store=store,
        endpoint=endpoint,
        environment=environment,
        release=release,
        providers=providers,
    )
    _start(chosen)


def start_auto() -> None:
    """`agentgauge run`: everything from the environment, and the user's own provider may still come."""
    with guarded("starting by itself"):
        _start(replace(read_settings(), set_global=False), auto=True)


def _start(settings: Settings, *, auto: bool = False) -> None:
    if settings.disabled:
        return
    with _lock, guarded("starting"):
        running = runtime.active()
        if running is not None and running.auto and not auto:
            lifecycle.shutdown()  # the program says itself how it wants to be recorded
            running = None
        if running is None:
            _build(settings, auto=auto)


def _build(settings: Settings, *, auto: bool) -> None:
    run_id = os.environ.setdefault(RUN_ID, uuid.uuid4().hex)
    process = Process(run_id, settings.service_name, settings.environment, settings.release)
    store = Store(Path(settings.store) if settings.store else None, process)
    theirs = _their_provider()
    forward = _forward_to(theirs) if theirs is not None and settings.forward_spans else None
    resource = json.dumps(dict(resource_of(settings).attributes), default=str)
    outbox = OutboxAddress(settings.endpoint, resource) if settings.endpoint else None
    sender = _sender(store, settings)
    pipeline = Pipeline(store, outbox=outbox, forward=forward, sender=sender)
    provider_of = functools.partial(pricing.provider_of, providers=settings.providers)
    sources = (OpenInferenceOpenAI(provider_of), GenAISpans(provider_of, pipeline.told.includes))
    pipeline.foreign.reads = Names(settings.frameworks)
    processor = GaugeProcessor(pipeline, sources)
    provider = make_provider(settings, processor, theirs.sampler if theirs is not None else None)
    tracer = provider.get_tracer(semconv.SCOPE_NAME, __version__)
    runtime.activate(
        runtime.Runtime(
            settings=settings,
            provider=provider,
            tracer=tracer,
            pipeline=pipeline,
            sender=sender,
            auto=auto,
        )
    )
    for problem in settings.problems:
        pipeline.warn("settings", problem)
    if theirs is None and settings.set_global and _nobody_set_one():
        trace.set_tracer_provider(provider)
    pipeline.open_store()
    if settings.instrument:
        instrument.start(sources)
    frameworks.start(settings.frameworks)
    if theirs is not None and "spans" in settings.frameworks:
        instrument.read_from(theirs, sources)
    lifecycle.install()


def _nobody_set_one() -> bool:
    return isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def _their_provider() -> TracerProvider | None:
    """The user's own SDK provider, if there is one; an earlier one of ours is not."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        return None
    ours = provider.resource.attributes.get("telemetry.distro.name") == "agentgauge"
    return None if ours else provider


def _forward_to(provider: TracerProvider) -> functools.partial[None]:
    """Hands finished spans, without content, to the user's processors, so that their traces are whole."""
    return functools.partial(_forward, provider)


def _forward(provider: TracerProvider, record: SpanRecord) -> None:
    # The only way in: a provider has no public door for spans that were made elsewhere.
    provider._active_span_processor.on_end(  # noqa: SLF001
        spans.to_otel(record, resource=provider.resource)
    )


def _sender(store: Store, settings: Settings) -> Sender | None:
    if settings.endpoint is None:
        return None
    make = _exporter(settings.protocol, settings.endpoint)
    return Sender(store, endpoint=settings.endpoint, exporter=make)


def _exporter(protocol: str, endpoint: str) -> Callable[[], SpanExporter]:
    """Makes the standard exporter; headers, certificates and timeouts come from the OTEL_* variables.

    The class is imported now, so that no thread of ours imports anything while the process forks.
    """
    for name in ("http.trace_exporter", "grpc.exporter", "grpc.trace_exporter"):
        # We say once what is wrong; the exporter would print each try to stderr where nobody set up logging.
        logging.getLogger(f"opentelemetry.exporter.otlp.proto.{name}").addFilter(_not_from_sender)
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415  # an extra
            OTLPSpanExporter as Grpc,
        )

        insecure = None if endpoint.startswith("https") else True
        return functools.partial(Grpc, endpoint=endpoint, insecure=insecure)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  # 0.3 s
        OTLPSpanExporter as Http,
    )

    whole = endpoint == os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return functools.partial(Http, endpoint=endpoint if whole else endpoint.rstrip("/") + "/v1/traces")


def _not_from_sender(record: logging.LogRecord) -> bool:
    return record.threadName != _SENDER_THREAD
