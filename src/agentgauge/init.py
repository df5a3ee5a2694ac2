"""`init()`: reads the settings and builds the running parts."""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
import threading
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentgauge import config_values, instrument, ledger, lifecycle, pricing, semconv
from agentgauge._version import __version__
from agentgauge.budget import budget
from agentgauge.config import Settings, read_settings
from agentgauge.errors import ConfigError
from agentgauge.frameworks import start as frameworks
from agentgauge.guard import guarded
from agentgauge.library_role import program_is
from agentgauge.pipeline import neighbours, runtime, spans
from agentgauge.pipeline.core import Pipeline
from agentgauge.pipeline.lent import lend_global
from agentgauge.pipeline.processor import GaugeProcessor
from agentgauge.pipeline.provider import RunningProvider, make_provider, resource_of, without_metrics
from agentgauge.pipeline.refusals import not_from_sender
from agentgauge.pipeline.sender import Sender
from agentgauge.pipeline.teller import Teller, address_of
from agentgauge.pipeline.writing import OutboxAddress
from agentgauge.price_file import read_price_file
from agentgauge.price_list import PriceList
from agentgauge.remote import clients
from agentgauge.scopes import propagation
from agentgauge.sources import plugins
from agentgauge.sources.genai import GenAISpans
from agentgauge.sources.names import Names
from agentgauge.sources.openinference import OpenInferenceOpenAI
from agentgauge.store.rows import Process
from agentgauge.store.write import Store

if TYPE_CHECKING:
    import os as _os
    from collections.abc import Callable, Mapping, Sequence

    from opentelemetry.sdk.trace.export import SpanExporter

    from agentgauge.pipeline.processor import Source
    from agentgauge.pipeline.records import SpanRecord
    from agentgauge.price_file import OwnPrice

RUN_ID = "AGENTGAUGE_RUN_ID"
AUTO = "AGENTGAUGE_AUTO"
_lock = threading.RLock()


def init(
    service_name: str | None = None,
    *,
    store: str | _os.PathLike[str] | None = None,
    endpoint: str | None = None,
    environment: str | None = None,
    release: str | None = None,
    providers: Mapping[str, str] | None = None,
    propagate_to: Sequence[str] | None = None,
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
        propagate_to: hosts of services of yours that are told which agent and workflow calls them, such as
            "researcher.corp:8080" or ".agents.corp"; AGENTGAUGE_PROPAGATE_TO.
        settings: all settings at once, in place of the other arguments.

    Raises:
        ConfigError: an argument has the wrong type.
    """
    below_run = os.environ.get(AUTO) == "1"
    if below_run:
        store = None  # the environment's, from which `agentgauge run` makes its bill
    if settings is not None and not isinstance(settings, Settings):
        raise ConfigError('settings must be an agentgauge.Settings, e.g. Settings(service_name="bot").')
    if settings is not None and below_run:
        settings = replace(settings, store=read_settings().store)
    chosen = settings or read_settings(
        service_name=service_name,
        store=store,
        endpoint=endpoint,
        environment=environment,
        release=release,
        providers=providers,
        propagate_to=propagate_to,
    )
    program_is(sys._getframe(1).f_globals.get("__name__") or "")  # noqa: SLF001  # whoever calls this
    _start(chosen)


def start_auto() -> None:
    """`agentgauge run`: everything from the environment, and the user's own provider may still come."""
    with guarded("starting by itself"):
        _start(replace(read_settings(), set_global=False), auto=True)


def start_in_child(settings: Settings, run_id: str) -> None:
    """In a process that was spawned: recording as in its parent, unless the program has its own `init`.

    Args:
        settings: those of the parent.
        run_id: the run that both belong to.
    """
    if runtime.active() is None:
        os.environ.setdefault(RUN_ID, run_id)
        _start(replace(settings, set_global=False), auto=True)


def _plain(settings: Settings) -> Settings:
    """The settings, with mappings that can be pickled."""
    return replace(
        settings,
        providers=dict(settings.providers),
        context_limits=dict(settings.context_limits),
        resource_attributes=dict(settings.resource_attributes),
    )


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
    forward = _forward if settings.forward_spans else None
    resource = json.dumps(dict(resource_of(settings).attributes), default=str)
    outbox = OutboxAddress(settings.endpoint, resource) if settings.endpoint else None
    sender = _sender(store, settings)
    own, problem = _own_prices(settings.prices)
    pipeline = Pipeline(store, outbox=outbox, forward=forward, sender=sender, prices=PriceList(own))
    provider_of = functools.partial(pricing.provider_of, providers=settings.providers)
    others: tuple[Source, ...] = (
        GenAISpans(provider_of, pipeline.told.includes, client_is_watched=settings.instrument),
    )
    pipeline.foreign.reads = Names(settings.frameworks)
    setup = plugins.Setup(RunningProvider(), provider_of, pipeline.warn)
    others = (*plugins.load(setup), *others) if settings.instrument else others
    processor = GaugeProcessor(pipeline, (OpenInferenceOpenAI(provider_of), *others))
    provider = make_provider(settings, processor)
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
    for said in (*settings.problems, *problem):
        pipeline.warn("settings", said)
    if settings.set_global and not neighbours.anybody():
        lend_global(provider)
    _set_process_budget(settings)
    pipeline.open_store()
    clients.start()
    if settings.instrument:
        instrument.start()
    propagation.start(
        config_values.propagation(settings.propagate_threads) or "threads",
        in_child=functools.partial(start_in_child, _plain(settings), run_id),
    )
    frameworks.start(settings.frameworks)
    if (theirs := neighbours.their_provider()) is not None and "spans" in settings.frameworks:
        instrument.read_from(theirs, others)
    lifecycle.install()


def _set_process_budget(settings: Settings) -> None:
    """A budget above everything that this process does."""
    if settings.budget_usd is None and settings.budget_tokens is None:
        ledger.root.parent = None
        return
    whole = budget(usd=settings.budget_usd, tokens=settings.budget_tokens, on_exceed=settings.budget_action)
    ledger.root.parent = whole.account(None)


def _own_prices(path: Path | None) -> tuple[tuple[OwnPrice, ...], tuple[str, ...]]:
    """The user's own prices, and what is wrong with the file: then the public list alone is used."""
    if path is None:
        return (), ()
    try:
        return read_price_file(path), ()
    except ConfigError as error:
        return (), (f"{error} Only the public price list is used.",)


def _forward(record: SpanRecord) -> None:
    """Hands a finished span, without content, to the user's processors, beside their own."""
    provider = neighbours.takes_ours()
    if provider is not None:
        # The only way in: a provider has no public door for spans that were made elsewhere.
        provider._active_span_processor.on_end(  # noqa: SLF001
            spans.to_otel(record, resource=provider.resource)
        )


def _sender(store: Store, settings: Settings) -> Sender | None:
    if settings.endpoint is None:
        return None
    make = _exporter(settings.protocol, settings.endpoint)
    address = address_of(settings)
    teller = Teller(store, address, every_s=settings.outbox_metrics_s) if address else None
    return Sender(store, endpoint=settings.endpoint, exporter=make, teller=teller)


def _exporter(protocol: str, endpoint: str) -> Callable[[], SpanExporter]:
    """Makes the standard exporter; headers, certificates and timeouts come from the OTEL_* variables.

    The class is imported now, so that no thread of ours imports anything while the process forks.
    """
    for name in (
        *("http.trace_exporter", "http.metric_exporter"),
        *("grpc.exporter", "grpc.trace_exporter", "grpc.metric_exporter"),
        "common._internal",
    ):
        # We say once what is wrong; the exporter would print each try to stderr where nobody set up logging.
        logging.getLogger(f"opentelemetry.exporter.otlp.proto.{name}").addFilter(not_from_sender)
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415  # an extra
            OTLPSpanExporter as Grpc,
        )

        insecure = None if endpoint.startswith("https") else True
        return functools.partial(Grpc, endpoint=endpoint, insecure=insecure, **without_metrics(Grpc))
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  # 0.3 s
        OTLPSpanExporter as Http,
    )

    whole = endpoint == os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    url = endpoint if whole else endpoint.rstrip("/") + "/v1/traces"
    return functools.partial(Http, endpoint=url, **without_metrics(Http))
