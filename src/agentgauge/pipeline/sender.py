"""Sends what is in the outbox by OTLP, and takes it out once the receiver has acknowledged it."""

from __future__ import annotations

import contextvars
import functools
import json
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from opentelemetry import context as otel_context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from agentgauge.errors import StoreError
from agentgauge.guard import guarded, warn_once
from agentgauge.labels import clean_text
from agentgauge.pipeline import refusals, spans
from agentgauge.store.telling import REFUSED, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from agentgauge.pipeline.teller import Teller
    from agentgauge.store.rows import Row
    from agentgauge.store.write import Store

BATCH_SPANS = 256
LEASE_S = 60.0
EVERY_S = 1.0
RETRY_S = 5.0
REFUSED_S = 300.0
"""How long a span waits that was refused by a receiver which has taken nothing yet."""
MOST_REFUSED = 8
"""After so many that were refused one by one, and none taken, it is the endpoint that is wrong."""
OTHERS_S = 0.05
"""How often `drain` looks whether another process has sent what it holds."""
ACKNOWLEDGE_S = 10.0
"""How long it is tried to note in a busy store what has been sent."""
STOP_S = 0.5
"""How long `stop` waits for a send that was broken off."""


class Sender:
    """A thread that empties the outbox; it also sends what a process that died has left there.

    `teller` lives as long as it does, in a thread of its own: neither waits for what the other sends.
    """

    def __init__(
        self,
        store: Store,
        *,
        endpoint: str,
        exporter: Callable[[], SpanExporter],
        teller: Teller | None = None,
    ) -> None:
        self._store = store
        self._teller = teller
        self._endpoint = endpoint
        self._make_exporter = exporter
        self._reset()

    def _reset(self) -> None:
        self._exporter: SpanExporter | None = None
        self._state = threading.Condition()
        self._hurry = self._stop = False
        self._under_way: dict[str, Row] = {}
        self._refused: list[Row] = []
        self._taken = self._failed = self._said = False
        self._left_out = 0
        self._thread: threading.Thread | None = None

    def after_fork(self) -> None:
        """In the child: a thread and a connection of its own, when there is something to send."""
        self._reset()
        if self._teller is not None:
            self._teller.after_fork()

    def start(self) -> None:
        """Starts the thread if it is not running."""
        with self._state:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name=refusals.SENDER_THREAD, daemon=True)
                # In no context: nothing of the scope, or the trace, of whoever came first follows it.
                contextvars.Context().run(self._thread.start)
        if self._teller is not None:
            self._teller.start()

    def drain(self, *, timeout_s: float) -> bool:
        """Sends all that waits; False when spans of this process are left."""
        if self._thread is None:
            return True
        deadline = time.monotonic() + timeout_s
        while True:
            with self._state:
                self._hurry = True
                self._state.notify_all()
                in_time = self._state.wait_for(lambda: not self._hurry, max(0.0, deadline - time.monotonic()))
            with suppress(StoreError):
                if self._store.all_sent():
                    return True
            if not in_time:
                self._say_what_is_left()
            if not in_time or self._failed or time.monotonic() >= deadline:
                return False
            with self._state:  # another process is sending them
                self._state.wait(OTHERS_S)

    def stop(self, *, timeout_s: float = 0.0) -> None:
        """Ends the thread soon; what is left stays in the outbox, free for the next process to send.

        In the time, if there is any, it is told what became of what was said to wait.
        """
        if self._teller is not None:
            self._teller.finish(timeout_s=timeout_s)
            self._teller.stop()
        with self._state:
            self._stop = True
            self._state.notify_all()
        if self._exporter is not None:
            self._exporter.shutdown()
        if self._thread is not None:
            self._thread.join(STOP_S)
        if self._under_way:
            with suppress(StoreError):
                self._store.postpone([*self._under_way.values()], seconds=0.0)
        if self._left_out > 1:
            warn_once("left out", f"{self._left_out} spans could not be sent and were left out.", lost=True)

    def _run(self) -> None:
        # Our own sending is no work of the user's: instrumentations of HTTP clients leave it alone.
        otel_context.attach(otel_context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, value=True))
        pause = EVERY_S
        while not self._stop:
            sent = False
            with guarded("sending spans"), suppress(StoreError):
                sent = self._send_all()
            pause = EVERY_S if sent else min(60.0, max(RETRY_S, pause * 2))
            with self._state:
                self._failed = not sent
                self._hurry = False
                self._state.notify_all()
                self._state.wait_for(lambda: self._stop or self._hurry, pause)

    def _send_all(self) -> bool:
        """Sends batch after batch; False as soon as one has to wait."""
        while not self._stop:
            rows = self._store.lease(endpoint=self._endpoint, limit=BATCH_SPANS, seconds=LEASE_S)
            if not rows:
                break
            self._under_way = {row["span_id"]: row for row in rows}
            self._taken = False  # of these, so that a receiver that went wrong later costs no span
            try:
                going_on = self._send(rows)
                self._decide_on_refused()
            finally:
                self._store.postpone([*self._under_way.values()], seconds=0.0)
                self._under_way, self._refused = {}, []
            if not going_on:
                self._say_what_is_left()
                return False
        return True

    def _send(self, rows: Sequence[Row]) -> bool:
        """Sends rows, in parts where some keep the others back; False when it has to wait."""
        ready = self._read(rows)
        if not ready:
            return True
        if self._export([span for _, span in ready]):
            self._taken = True
            self._done([row for row, _ in ready])
            return True
        refused = refusals.was_refused()
        if unfit := [row for row, span in ready if not refusals.fits_otlp(span)]:
            self._leave_out(unfit, why="cannot be encoded as OTLP", reason=UNREADABLE)
            return self._send([row for row, _ in ready if row not in unfit])
        if not refused or (len(self._refused) >= MOST_REFUSED and not self._taken):
            return False
        if len(ready) == 1:
            self._refused.append(ready[0][0])
            return True
        half, these = len(ready) // 2, [row for row, _ in ready]
        return self._send(these[:half]) and self._send(these[half:])

    def _read(self, rows: Sequence[Row]) -> list[tuple[Row, ReadableSpan]]:
        """The spans of rows, without those that nobody can read."""
        ready: list[tuple[Row, ReadableSpan]] = []
        for row in rows:
            try:
                record, resource = spans.from_json(row["span"]), _resource(row["resource"])
                ready.append((row, spans.to_otel(record, resource=resource, **_delivery(row))))
            except Exception:  # noqa: BLE001  # other versions write here too
                self._leave_out([row], why="cannot be read from the store", reason=UNREADABLE)
        return ready

    def _export(self, batch: list[ReadableSpan]) -> bool:
        if self._exporter is None:
            self._exporter = self._make_exporter()
        refusals.forget()
        try:
            return self._exporter.export(batch) is SpanExportResult.SUCCESS
        except Exception:  # noqa: BLE001  # some versions raise what others answer
            return False

    def _decide_on_refused(self) -> None:
        """A receiver that takes others will never take these; one that takes none may be the wrong one."""
        if self._refused and self._taken:
            self._leave_out(self._refused, why=f"is refused by {self._endpoint}", reason=REFUSED)
        elif self._refused:
            self._store.postpone(self._refused, seconds=REFUSED_S)
            self._say_what_is_left("refuses spans as bad requests", "it is an OTLP receiver")
            for row in self._refused:
                self._under_way.pop(row["span_id"], None)

    def _done(self, rows: Sequence[Row], *, given_up: str | None = None) -> None:
        give_up = time.monotonic() + ACKNOWLEDGE_S
        while True:
            try:
                if given_up is None:
                    self._store.acknowledged(rows)
                else:
                    self._store.give_up(rows, reason=given_up)
                break
            except StoreError:  # they would be sent again
                if self._stop or time.monotonic() > give_up:
                    raise
        for row in rows:
            self._under_way.pop(row["span_id"], None)

    def _leave_out(self, rows: Sequence[Row], *, why: str, reason: str) -> None:
        """Takes spans out that would keep all others back for ever."""
        self._done(rows, given_up=reason)
        self._left_out += len(rows)
        name = clean_text(_name(rows[0]), most=60)
        warn_once(
            f"left out {why}",
            f"A span ({name}) {why}, and was left out; all others are sent. "
            "What it counted, if anything, stays in the store.",
            lost=True,
        )

    def _say_what_is_left(
        self, what: str = "did not take spans", check: str = "a Collector listens there"
    ) -> None:
        if not self._said:
            self._said = True
            warn_once(
                "endpoint",
                f"The OTLP endpoint {self._endpoint} {what}; they stay in the store and are sent again. "
                f"Check that {check}.",
            )


@functools.lru_cache(maxsize=64)
def _resource(text: str) -> Resource:
    """The resource of the process that made a span, which need not be this one."""
    return Resource(json.loads(text))


def _name(row: Row) -> str:
    """The name of a span, as far as it can be read."""
    try:
        return str(json.loads(row["span"])["name"])
    except (ValueError, LookupError, TypeError):
        return "its name cannot be read"


def _delivery(row: Row) -> dict[str, str | int]:
    """How this send relates to earlier ones, so that the Collector never counts a span twice."""
    if row["sends"] <= 1:
        return {"agentgauge.delivery": "first"}
    return {"agentgauge.delivery": "retry", "agentgauge.delivery.first_at": row["first_sent_s"]}
