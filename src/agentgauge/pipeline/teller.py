"""Tells how the outbox is, so that somebody far from this machine learns that spans wait or were lost."""

from __future__ import annotations

import contextvars
import os
import sqlite3
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry import context as otel_context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

from agentgauge.errors import StoreError
from agentgauge.guard import guarded
from agentgauge.pipeline import refusals
from agentgauge.store import telling

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricExporter

    from agentgauge.config import Settings
    from agentgauge.store.write import Store

FIRST_S = 5.0
"""A process that has lived so long tells for the first time, where its outbox is a file that has a name."""
AT_EXIT_S = 1.0
"""How long a process that ends may take to tell that nothing waits any more."""
STOP_S = 0.5
"""How long `stop` waits for a request that was broken off."""
_SPANS_PATH, _METRICS_PATH = "/v1/traces", "/v1/metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where metrics go, and which spans of the outbox they tell of: those for `endpoint`."""

    endpoint: str
    metrics: str
    protocol: str


def address_of(settings: Settings) -> Address | None:
    """Beside the spans; None where nobody is told."""
    endpoint, where = settings.endpoint, None
    if endpoint is None or not settings.outbox_metrics_s:
        return None
    if settings.protocol == "grpc":
        where = endpoint
    elif endpoint != os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        where = endpoint.rstrip("/") + _METRICS_PATH
    elif endpoint.endswith(_SPANS_PATH):
        where = endpoint.removesuffix(_SPANS_PATH) + _METRICS_PATH
    return Address(endpoint=endpoint, metrics=where, protocol=settings.protocol) if where else None


class Teller:
    """A thread that tells every `every_s`, in turns with the other processes of the same store."""

    def __init__(self, store: Store, address: Address, *, every_s: float) -> None:
        self._store = store
        self._address = address
        self._every_s = every_s
        self._reset()

    def _reset(self) -> None:
        self._state = threading.Condition()
        self._hurry = self._stop = False
        self._exporter: MetricExporter | None = None
        self._thread: threading.Thread | None = None

    def after_fork(self) -> None:
        """In the child: the thread starts again with the first span."""
        self._reset()

    def start(self) -> None:
        """Starts the thread if it is not running."""
        with self._state:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=refusals.TELLER_THREAD, daemon=True)
                # In no context: nothing of the scope, or the trace, of whoever came first follows it.
                contextvars.Context().run(self._thread.start)

    def finish(self, *, timeout_s: float) -> None:
        """Tells once more, within the time, where what was told last is no longer so."""
        limit = min(timeout_s, AT_EXIT_S)
        if self._thread is None or limit <= 0:
            return
        with suppress(StoreError, sqlite3.Error), self._state:
            if telling.is_owed(self._store, endpoint=self._address.endpoint):
                self._hurry = True
                self._state.notify_all()
                self._state.wait_for(lambda: not self._hurry, limit)

    def stop(self) -> None:
        """Ends the thread soon."""
        with self._state:
            self._stop = True
            self._state.notify_all()
        if self._exporter is not None:
            self._exporter.shutdown()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def _run(self) -> None:
        # Our own sending is no work of the user's: instrumentations of HTTP clients leave it alone.
        otel_context.attach(otel_context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, value=True))
        # An outbox in memory is a new one each time: series of processes that end soon are not begun.
        pause = self._every_s if self._store.path is None else min(FIRST_S, self._every_s)
        while True:
            with self._state:
                self._state.wait_for(lambda: self._stop or self._hurry, pause)
                hurry, stop = self._hurry, self._stop
            if stop:
                return
            with guarded("telling of the outbox"), suppress(StoreError, sqlite3.Error):
                self._tell(every_s=0.0 if hurry else self._every_s)
            pause = self._every_s
            if hurry:
                with self._state:
                    self._hurry = False
                    self._state.notify_all()

    def _tell(self, *, every_s: float) -> None:
        states = telling.take_turn(self._store, endpoint=self._address.endpoint, every_s=every_s)
        if not states:
            return
        # A fork waits for the store, so no module is half imported in the child.
        with self._store.held():
            from agentgauge.pipeline import outbox_metrics  # noqa: PLC0415  # see there
        from opentelemetry.sdk.metrics.export import MetricExportResult  # noqa: PLC0415  # loaded with it

        if self._exporter is None:
            self._exporter = outbox_metrics.make_exporter(self._address.protocol, self._address.metrics)
        try:
            result = self._exporter.export(outbox_metrics.metrics_of(states))
        except Exception:  # noqa: BLE001  # some versions raise what others answer
            return
        if result is MetricExportResult.SUCCESS:
            telling.told(self._store, states, endpoint=self._address.endpoint)
