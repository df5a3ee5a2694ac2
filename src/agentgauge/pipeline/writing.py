"""What the worker does with what has ended: counts it, makes its span, and stores all of it in batches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentgauge.errors import StoreError
from agentgauge.guard import guarded, warn_once
from agentgauge.pipeline import spans
from agentgauge.pipeline.records import FinishedCall, FinishedScope, Noted, SpanRecord
from agentgauge.store.rows import Row, json_text, origin_row, parent_key, span_key
from agentgauge.store.write import MEMORY_SPANS, Batch, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentgauge.call import Call
    from agentgauge.pipeline.backlog import Backlog
    from agentgauge.pipeline.sender import Sender
    from agentgauge.price_list import PriceList

Item = FinishedCall | FinishedScope | SpanRecord | Noted


@dataclass(frozen=True, slots=True)
class OutboxAddress:
    """Where spans of this process go, and the resource (JSON) that they are sent under."""

    endpoint: str
    resource: str


class Writing:
    """Processes items one by one and commits them in batches; all of it in the worker's thread."""

    def __init__(  # the parts that it joins
        self,
        store: Store,
        *,
        prices: PriceList,
        backlog: Backlog,
        outbox: OutboxAddress | None,
        forward: Callable[[SpanRecord], None] | None,
        sender: Sender | None,
    ) -> None:
        self._store = store
        self._prices = prices
        self._backlog = backlog
        self._outbox = outbox
        self._forward = forward
        self._sender = sender
        self._batch = Batch()
        self._owes_opening = False

    def process(self, item: Item) -> None:
        """Makes rows and spans of what has ended; they wait for the next commit."""
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
        self._backlog.give_back(content.size)
        with guarded("counting a call's tokens"):
            counted = tokens.count_exchange(
                operation=call.request.operation,
                model=call.response.model or call.request.model,
                request=_body(content.body),
                answers=content.answers,
                usage_known=call.usage.input is not None and call.usage.output is not None,
            )
            return tokens.settle(call, counted, self._prices.price_of(call))
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
                    "service": self._store.process.service,
                    "environment": self._store.process.environment or "",
                }
            )

    def commit(self) -> bool:
        """Stores what waits; False when the store is busy, and all of it waits on."""
        try:
            if self._batch:
                self._store.write(self._batch)
            elif self._owes_opening:
                self._store.open()
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
                    self._store.write(parts[0])
            except StoreError:
                self._batch = Batch.whole(parts)
                return False
            parts.pop(0)
        return True

    def open_store(self) -> None:
        """Opens the store now, so that the run is known even if it makes no call."""
        self._owes_opening = True  # where it is busy now
        with suppress(StoreError):
            self._store.open()
            self._owes_opening = False
        self._after_write()

    def _after_write(self) -> None:
        if self._store.problem:
            warn_once("store", self._store.problem, lost=True)
        if self._store.dropped:
            warn_once(
                "dropped",
                "Spans that wait for the OTLP endpoint were dropped, the oldest first: without a store only "
                f"the last {MEMORY_SPANS:,} are kept. Set AGENTGAUGE_STORE to a file, or mend the endpoint.",
                lost=True,
            )
        if self._sender is not None:
            self._sender.start()

    def after_fork(self) -> None:
        """In the child: what was under way is the parent's."""
        self._batch = Batch()


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
