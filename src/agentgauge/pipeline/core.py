"""The steps that a finished call takes in the caller's thread: read, price, record; then `writing` has it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agentgauge import guard
from agentgauge.guard import guarded, warn_once
from agentgauge.pipeline import events, spans
from agentgauge.pipeline.background import BackgroundCalls, Waiting
from agentgauge.pipeline.backlog import Backlog
from agentgauge.pipeline.ended import hear_no_more
from agentgauge.pipeline.exchange import OpenCall, OpenCalls
from agentgauge.pipeline.foreign import ForeignSpans
from agentgauge.pipeline.records import FinishedCall, FinishedScope, Noted
from agentgauge.pipeline.told import Told
from agentgauge.pipeline.worker import Worker
from agentgauge.pipeline.writing import Item, Writing
from agentgauge.price_list import PriceList
from agentgauge.spending import release_reserved

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.trace import ReadableSpan

    from agentgauge.call import Call
    from agentgauge.ledger import Account
    from agentgauge.pipeline.processor import Source
    from agentgauge.pipeline.reading import Poll
    from agentgauge.pipeline.records import Content, SpanRecord
    from agentgauge.pipeline.sender import Sender
    from agentgauge.pipeline.writing import OutboxAddress
    from agentgauge.store.write import Store


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
        self._sends = outbox is not None
        self.prices = prices or PriceList()
        self._background = BackgroundCalls()
        self._backlog = Backlog()
        self._writing = Writing(
            store, prices=self.prices, backlog=self._backlog, outbox=outbox, forward=forward, sender=sender
        )
        self.worker: Worker[Item] = Worker(process=self._writing.process, commit=self._writing.commit)
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
        if content is not None and not self._backlog.take(content.size):
            self.warn("backlog", "Calls end faster than they can be counted; some have no tool tokens.")
            content = None
        event = events.event_of(call, account)
        self.worker.put(FinishedCall(call, account, content, event))
        events.tell(event)

    def scope_ended(self, scope: FinishedScope) -> None:
        """A workflow, agent, step, tool or branch has ended."""
        self.worker.put(scope)

    def foreign_ended(self, span: ReadableSpan) -> None:
        """A span of another instrumentation: it is sent on, and counts nowhere."""
        if self._sends and (record := spans.foreign_span(span)) is not None:
            self.worker.put(record)

    # Life.

    def open_store(self) -> None:
        """Opens the store now, so that the run is known even if it makes no call."""
        self._writing.open_store()

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
        self._backlog.after_fork()
        self._writing.after_fork()
        self.worker.after_fork()


def _routed(call: Call) -> Call:
    """The call with the choice that led to its model; other models below that choice are none of it."""
    route = call.origin.route
    if route is None or route.model != call.request.model:
        return call
    return replace(call, route_tier=route.tier, route_bypassed=route.bypassed)
