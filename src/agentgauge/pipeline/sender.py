"""Sends what is in the outbox by OTLP, and takes it out once the receiver has acknowledged it."""

from __future__ import annotations

import contextvars
import functools
import json
import threading
from typing import TYPE_CHECKING

from opentelemetry import context as otel_context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from agentgauge.guard import guarded, warn_once
from agentgauge.pipeline import spans

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentgauge.store.rows import Row
    from agentgauge.store.write import Store

BATCH_SPANS = 256
LEASE_S = 60.0
EVERY_S = 1.0
RETRY_S = 5.0
STOP_S = 0.5
"""How long `stop` waits for a send that was broken off."""


class Sender:
    """A thread that empties the outbox; it also sends what a process that died has left there."""

    def __init__(self, store: Store, *, endpoint: str, exporter: Callable[[], SpanExporter]) -> None:
        self._store = store
        self._endpoint = endpoint
        self._make_exporter = exporter
        self._reset()

    def _reset(self) -> None:
        self._exporter: SpanExporter | None = None
        self._state = threading.Condition()
        self._hurry = self._stop = False
        self._under_way: list[Row] = []
        self._thread: threading.Thread | None = None

    def after_fork(self) -> None:
        """In the child: a thread and a connection of its own, when there is something to send."""
        self._reset()

    def start(self) -> None:
        """Starts the thread if it is not running."""
        with self._state:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="agentgauge-sender", daemon=True)
                # In no context: nothing of the scope, or the trace, of whoever came first follows it.
                contextvars.Context().run(self._thread.start)

    def drain(self, *, timeout_s: float) -> bool:
        """Sends all that waits; False when the time ran out or nobody listens."""
        if self._thread is None:
            return True
        with self._state:
            self._hurry = True
            self._state.notify_all()
            in_time = self._state.wait_for(lambda: not self._hurry, timeout_s)
        left = self._store.waiting(endpoint=self._endpoint)
        if left and not in_time:
            self._say_what_is_left()
        return left == 0

    def stop(self) -> None:
        """Ends the thread soon; what is left stays in the outbox, free for the next process to send."""
        with self._state:
            self._stop = True
            self._state.notify_all()
        if self._exporter is not None:
            self._exporter.shutdown()
        if self._thread is not None:
            self._thread.join(STOP_S)
        if self._under_way:
            self._store.postpone(self._under_way, seconds=0.0)

    def _run(self) -> None:
        # Our own sending is no work of the user's: instrumentations of HTTP clients leave it alone.
        otel_context.attach(otel_context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, value=True))
        pause = EVERY_S
        while not self._stop:
            sent = False
            with guarded("sending spans"):
                sent = self._send_all()
            pause = EVERY_S if sent else min(60.0, max(RETRY_S, pause * 2))
            with self._state:
                self._hurry = False
                self._state.notify_all()
                self._state.wait_for(lambda: self._stop or self._hurry, pause)

    def _send_all(self) -> bool:
        """Sends batch after batch; False as soon as one is not acknowledged."""
        while not self._stop:
            rows = self._store.lease(endpoint=self._endpoint, limit=BATCH_SPANS, seconds=LEASE_S)
            if not rows:
                break
            self._under_way = rows
            if not self._send(rows):
                self._store.postpone(rows, seconds=0.0)
                self._under_way = []
                return False
            self._store.acknowledged(rows)
            self._under_way = []
        return True

    def _send(self, rows: list[Row]) -> bool:
        if self._exporter is None:
            self._exporter = self._make_exporter()
        batch = [
            spans.to_otel(spans.from_json(row["span"]), resource=_resource(row["resource"]), **_delivery(row))
            for row in rows
        ]
        if self._exporter.export(batch) is SpanExportResult.SUCCESS:
            return True
        self._say_what_is_left()
        return False

    def _say_what_is_left(self) -> None:
        warn_once(
            "endpoint",
            f"The OTLP endpoint {self._endpoint} did not take spans; they stay in the store and are sent "
            "again. Check that a Collector listens there.",
        )


@functools.lru_cache(maxsize=64)
def _resource(text: str) -> Resource:
    """The resource of the process that made a span, which need not be this one."""
    return Resource(json.loads(text))


def _delivery(row: Row) -> dict[str, str | int]:
    """How this send relates to earlier ones, so that the Collector never counts a span twice."""
    if row["sends"] <= 1:
        return {"agentgauge.delivery": "first"}
    return {"agentgauge.delivery": "retry", "agentgauge.delivery.first_at": row["first_sent_s"]}
