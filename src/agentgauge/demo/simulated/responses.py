"""Shapes of /v1/responses: whole, streamed, and in the background."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .books import Entry
from .events import Event
from .reply import Reply, pieces
from .script import Ask
from .usage_table import ABSENT, Row, response_usage, told_as

KEPT = 1000
"""How many responses can be retrieved; older ones are forgotten."""

Item = dict[str, Any]


def response(reply: Reply, ask: Ask, *, status: str, output: list[Item], usage: object = ABSENT) -> Item:
    """A response object; its usage is null until it is told."""
    return {
        "id": f"resp_{reply.id}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "background": bool(ask.body.get("background")),
        "error": None,
        "incomplete_details": {"reason": reply.finish} if status == "incomplete" else None,
        "instructions": ask.body.get("instructions"),
        "metadata": ask.body.get("metadata") or {},
        "model": reply.model,
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": ask.body.get("tool_choice", "auto"),
        "tools": ask.body.get("tools") or [],
        "top_p": 1.0,
        **({"usage": None} if usage is ABSENT and status != "completed" else {}),
        **({} if usage is ABSENT else {"usage": usage}),
    }


def final_status(reply: Reply) -> str:
    """`incomplete` where the model was cut off, `completed` otherwise."""
    return "completed" if reply.finish in ("stop", "tool_calls") else "incomplete"


def whole(reply: Reply, ask: Ask, used: Row, form: object) -> Event:
    """A whole response."""
    usage = told_as(form, response_usage(used))
    output = list(_items(reply))
    return Event(response(reply, ask, status=final_status(reply), output=output, usage=usage), usage)


def queued(reply: Reply, ask: Ask) -> Event:
    """A background response as it is first answered."""
    return Event(response(reply, ask, status="queued", output=[]))


def events(reply: Reply, ask: Ask, used: Row, form: object) -> Iterator[Event]:
    """A streamed response; its last event tells the usage."""
    begun = response(reply, ask, status="in_progress", output=[])
    finished = whole(reply, ask, used, form)
    sequence: list[tuple[Item, object]] = [
        ({"type": "response.created", "response": begun}, ABSENT),
        ({"type": "response.in_progress", "response": begun}, ABSENT),
        *((event, ABSENT) for place, item in enumerate(_items(reply)) for event in _item_events(place, item)),
        ({"type": f"response.{final_status(reply)}", "response": finished.data}, finished.usage),
    ]
    for number, (data, usage) in enumerate(sequence):
        yield Event(data | {"sequence_number": number}, usage, data["type"])


def _items(reply: Reply) -> Iterator[Item]:
    if not reply.tool_calls:
        part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        yield _item(f"msg_{reply.id}", "message", role="assistant", content=[part])
    for call in reply.tool_calls:
        yield _item(
            f"fc_{call.id}", "function_call", call_id=call.id, name=call.name, arguments=call.arguments
        )


def _item(identity: str, kind: str, **parts: Any) -> Item:
    return {"id": identity, "type": kind, "status": "completed", **parts}


def _item_events(place: int, item: Item) -> Iterator[Item]:
    at = {"item_id": item["id"], "output_index": place}
    opening = item | {"status": "in_progress"}
    if item["type"] == "message":
        part = item["content"][0]
        inside = at | {"content_index": 0}
        opened = {"output_index": place, "item": opening | {"content": []}}
        yield {"type": "response.output_item.added"} | opened
        yield {"type": "response.content_part.added", "part": part | {"text": ""}} | inside
        for text in pieces(part["text"]):
            yield {"type": "response.output_text.delta", "delta": text, "logprobs": []} | inside
        yield {"type": "response.output_text.done", "text": part["text"], "logprobs": []} | inside
        yield {"type": "response.content_part.done", "part": part} | inside
    else:
        opened = {"output_index": place, "item": opening | {"arguments": ""}}
        arguments = item["arguments"]
        half = len(arguments) // 2
        yield {"type": "response.output_item.added"} | opened
        for text in (arguments[:half], arguments[half:]):
            yield {"type": "response.function_call_arguments.delta", "delta": text} | at
        done = {"name": item["name"], "arguments": arguments}
        yield {"type": "response.function_call_arguments.done"} | done | at
    yield {"type": "response.output_item.done", "output_index": place, "item": item}


@dataclass(slots=True)
class _Kept:
    reply: Reply
    ask: Ask
    finished: Event
    entry: Entry
    polls_left: int
    polled: int = 0
    cancelled: bool = False


class Responses:
    """Responses that can be retrieved by id, and cancelled while they run in the background."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def keep(self, reply: Reply, ask: Ask, finished: Event, *, entry: Entry, polls: int) -> None:
        """Keeps a response that is completed after `polls` retrievals."""
        with self._lock:
            self._kept[f"resp_{reply.id}"] = _Kept(reply, ask, finished, entry, polls)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def retrieve(self, identity: str) -> tuple[Event, Entry] | None:
        """The response as it is now: queued, then in progress, then completed or cancelled."""
        with self._lock:
            kept = self._kept.get(identity)
            if kept is None:
                return None
            if kept.cancelled:
                return self._unfinished(kept, "cancelled"), kept.entry
            if kept.polls_left <= 0:
                return kept.finished, kept.entry
            kept.polls_left -= 1
            kept.polled += 1
            return self._unfinished(kept, "queued" if kept.polled == 1 else "in_progress"), kept.entry

    def cancel(self, identity: str) -> tuple[Event, Entry] | None:
        """Cancels a response that is still running; a finished one stays finished."""
        with self._lock:
            kept = self._kept.get(identity)
            if kept is not None and kept.polls_left > 0:
                kept.cancelled = True
        return None if kept is None else self.retrieve(identity)

    @staticmethod
    def _unfinished(kept: _Kept, status: str) -> Event:
        return Event(response(kept.reply, kept.ask, status=status, output=[]))
