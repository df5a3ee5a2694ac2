"""The steps that a finished call takes: read, price, record; then, in the worker: count, write, store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from agentgauge import guard
from agentgauge.errors import StoreError
from agentgauge.guard import guarded, warn_once
from agentgauge.pipeline import events, spans
from agentgauge.pipeline.background import BackgroundCalls, Waiting
from agentgauge.pipeline.ended import hear_no_more
from agentgauge.pipeline.exchange import OpenCall, OpenCalls
from agentgauge.pipeline.foreign import ForeignSpans
from agentgauge.pipeline.records import Content, FinishedCall, FinishedScope, Noted, SpanRecord
from agentgauge.pipeline.told import Told
from agentgauge.pipeline.worker import Worker
from agentgauge.price_list import PriceList
from agentgauge.spending import release_reserved
from agentgauge.store.rows import Row, json_text, origin_row, parent_key, span_key
from agentgauge.store.write import MEMORY_SPANS, Batch, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.trace import ReadableSpan

    from agentgauge.call import Call
    from agentgauge.ledger import Account
    from agentgauge.pipeline.processor import Source
    from agentgauge.pipeline.reading import Poll
    from agentgauge.pipeline.sender import Sender

Item = FinishedCall | FinishedScope | SpanRecord | Noted

MOST_WAITING_BYTES = 64 * 1024 * 1024
"""Content that waits to be counted; past it, calls are kept without their tool tokens."""


@dataclass(frozen=True, slots=True)
class OutboxAddress:
    """Where spans of this process go, and the resource (JSON) that they are sent under."""

    endpoint: str
    resource: str


class Pipeline:
    """Takes what has ended, in the caller's thread as little as possible, the rest in the worker."""

    def __init__(
        self,
        store: Store,
        *,
        outbox: OutboxAddress | None = None,
        forward: Callable[[SpanRecord], None] | None = None,
        sender: Sender | None = None,
        prices: PriceList | None = None,
    ) -> None:
        self.open_calls = OpenCalls()
        self.foreign = ForeignSpans()
        self.told = Told()
        self.store = store
        self._outbox = outbox
        self._forward = forward
        self._sender = sender
        self.prices = prices or PriceList()
        self._background = BackgroundCalls()
        self._batch = Batch()
        self._owes_opening = False
        self._waiting_bytes = 0
        self.worker: Worker[Item] = Worker(process=self._process, commit=self._commit)
        self._noted: set[Noted] = set()

    def warn(self, code: str, message: str) -> None:
        """Logs once, and notes the warning for the report of this run."""
        note = Noted(code, message)
        if note not in self._noted:
            self._noted.add(note)
            warn_once(code, message)
            self.worker.put(note)

    # In the caller's thread.

    def call_ended(self, span: ReadableSpan, opened: OpenCall, source: Source) -> bool:
        """A model request has ended: reads it, or completes the background call that it asked about.

        False when the span tells of no call of its own, and is to be kept as it is.
        """
        reading = source.read(span, opened)
        for problem in reading.problems:
            self.warn("usage", f"A server sent usage that cannot be true ({problem}); it was not counted.")
        if reading.poll is not None:
            self._complete(reading.poll)
        if reading.call is None:
            release_reserved(opened.account, opened.key)
            if not opened.exchange.blocked:
                opened.was_no_call()
            return not reading.foreign
        ended = Waiting(reading, opened.account)
        due: Waiting | None = ended
        if reading.waits_for:
            oldest = self._background.hold(reading.waits_for, ended)
            due = oldest.without_content() if oldest is not None else None
        if due is not None:
            self._record(due)
        return True

    def _complete(self, poll: Poll) -> None:
        waiting = self._background.take(poll.response_id)
        if waiting is not None and waiting.reading.complete is not None:
            self._record(replace(waiting, reading=waiting.reading.complete(poll)))

    def _record(self, waiting: Waiting) -> None:
        reading = waiting.reading
        if reading.call is not None:
            self.record(
                reading.call,
                account=waiting.account,
                content=reading.content,
                told_nanousd=reading.told_nanousd,
            )

    def record(
        self,
        call: Call,
        *,
        account: Account,
        content: Content | None = None,
        told_nanousd: int | None = None,
    ) -> None:
        """Prices a call by what the server said, adds it to its scopes and hands it to the worker."""
        call = _routed(call)
        if call.cost is None:
            call = self.prices.priced(call, told_nanousd=told_nanousd)
        if call.cost is None and (why := self.prices.why_unpriced(call)) is not None:
            self.warn("price", why)
        if (why := self.prices.why_too_low(call)) is not None:
            self.warn("fees", why)
        account.add(call)
        self.told.note(call)
        size = content.size if content else 0
        if size and self._waiting_bytes + size > MOST_WAITING_BYTES:
            self.warn("backlog", "Calls end faster than they can be counted; some have no tool tokens.")
            content, size = None, 0
        self._waiting_bytes += size
        event = events.event_of(call, account)
        self.worker.put(FinishedCall(call, account, content, event))
        events.tell(event)

    def scope_ended(self, scope: FinishedScope) -> None:
        """A workflow, agent, step, tool or branch has ended."""
        self.worker.put(scope)

    def foreign_ended(self, span: ReadableSpan) -> None:
        """A span of another instrumentation: it is sent on, and counts nowhere."""
        if self._outbox is not None and (record := spans.foreign_span(span)) is not None:
            self.worker.put(record)

    # In the worker.

    def _process(self, item: Item) -> None:
        if isinstance(item, FinishedCall):
            call = self._counted(item)
            item.account.settle(call)
            if item.event is not None:
                item.event.counted(call)
            self._batch.calls.append(call)
            self._write_span(spans.call_span(call))
        elif isinstance(item, FinishedScope):
            self._batch.scopes.append(_scope_row(item))
            self._write_span(spans.scope_span(item), forward=item.forward)
        elif isinstance(item, Noted):
            self._batch.warnings.append((item.code, item.message))
        else:
            self._write_span(item)

    def _counted(self, item: FinishedCall) -> Call:
        """The call with its tools and estimates; as it was, when counting fails."""
        from agentgauge import tokens  # noqa: PLC0415  # loaded off the caller's path

        content, call = item.content, item.call
        if content is None:
            return call
        self._waiting_bytes -= content.size
        with guarded("counting a call's tokens"):
            counted = tokens.count_exchange(
                operation=call.request.operation,
                model=call.response.model or call.request.model,
                request=_body(content.body),
                answers=content.answers,
                usage_known=call.usage.input is not None and call.usage.output is not None,
            )
            return tokens.settle(call, counted, self.prices.price_of(call))
        return call

    def _write_span(self, record: SpanRecord, *, forward: bool = True) -> None:
        if forward and self._forward is not None and record.sampled:
            with guarded("forwarding a span"):
                self._forward(record)
        if self._outbox is not None:
            self._batch.spans.append(
                {
                    **span_key(record.trace_id, record.span_id),
                    "span": spans.to_json(record),
                    "ended_ns": record.end_ns,
                    "resource": self._outbox.resource,
                    "endpoint": self._outbox.endpoint,
                }
            )

    def _commit(self) -> bool:
        try:
            if self._batch:
                self.store.write(self._batch)
            elif self._owes_opening:
                self.store.open()
        except StoreError:
            return False
        except Exception:  # noqa: BLE001  # the row that cannot be stored is found, and costs no other
            if not self._commit_apart():
                return False
        self._batch, self._owes_opening = Batch(), False
        self._after_write()
        return True

    def _commit_apart(self) -> bool:
        """Writes row by row; False when the store became busy, with what is left still in the batch."""
        parts = list(self._batch.apart())
        while parts:
            try:
                with guarded("storing what has ended"):
                    self.store.write(parts[0])
            except StoreError:
                self._batch = Batch.whole(parts)
                return False
            parts.pop(0)
        return True

    def open_store(self) -> None:
        """Opens the store now, so that the run is known even if it makes no call."""
        self._owes_opening = True  # where it is busy now
        with suppress(StoreError):
            self.store.open()
            self._owes_opening = False
        self._after_write()

    def _after_write(self) -> None:
        if self.store.problem:
            warn_once("store", self.store.problem, lost=True)
        if self.store.dropped:
            warn_once(
                "dropped",
                "Spans that wait for the OTLP endpoint were dropped, the oldest first: without a store only "
                f"the last {MEMORY_SPANS:,} are kept. Set AGENTGAUGE_STORE to a file, or mend the endpoint.",
                lost=True,
            )
        if self._sender is not None:
            self._sender.start()

    # Life.

    def settled(self, *, timeout_s: float) -> bool:
        """Waits until the calls that have ended are counted."""
        return self.worker.settled(timeout_s=timeout_s)

    def end_open_calls(self) -> None:
        """Ends what nobody ended: streams left open, requests in flight, background responses."""
        for span in self.open_calls.spans():
            with guarded("ending an open call"):
                span.end()
                hear_no_more(span)
        for waiting in self._background.take_all():
            self._record(waiting.without_content())

    def flush(self, *, timeout_s: float) -> bool:
        """Counts and stores all that has ended; False when the time ran out."""
        if guard.failures:
            causes = ", ".join(f"{cause} ({count}x)" for cause, count in guard.failures.items())
            self.warn("internal", f"agentgauge failed inside: {causes}. Numbers may be missing.")
        return self.worker.flush(timeout_s=timeout_s)

    def pause(self, *, timeout_s: float) -> None:
        """Holds the worker and the store still while the process forks."""
        self.worker.pause(timeout_s=timeout_s)
        self.store.pause(timeout_s=timeout_s)

    def resume(self) -> None:
        """Ends a `pause`."""
        self.store.resume()
        self.worker.resume()

    def after_fork(self) -> None:
        """In the child: what was under way is the parent's."""
        self.store.after_fork()
        self.open_calls.forget()
        self.foreign.forget()
        self._background.forget()
        self._batch, self._waiting_bytes = Batch(), 0
        self.worker.after_fork()


def _routed(call: Call) -> Call:
    """The call with the choice that led to its model; other models below that choice are none of it."""
    route = call.origin.route
    if route is None or route.model != call.request.model:
        return call
    return replace(call, route_tier=route.tier, route_bypassed=route.bypassed)


def _scope_row(scope: FinishedScope) -> Row:
    """A row of `scopes`, without its run."""
    return {
        **span_key(scope.trace_id, scope.span_id),
        "parent_span_id": parent_key(scope.parent_span_id),
        "kind": scope.kind,
        "name": scope.name,
        "start_ns": scope.start_ns,
        "end_ns": scope.end_ns,
        **origin_row(scope.origin),
        "status": scope.status,
        "error_type": scope.error_type,
        "details": json_text(scope.details),
    }


def _body(body: bytes | None) -> Mapping[str, Any] | None:
    try:
        parsed = json.loads(body or b"null")
    except ValueError:
        return None
    return parsed if isinstance(parsed, Mapping) else None
