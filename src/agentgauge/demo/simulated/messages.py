"""Shapes of Anthropic's /v1/messages, whole and streamed."""

import json
from collections.abc import Iterator
from typing import Any

from .events import Event
from .reply import Reply, pieces
from .script import Ask
from .usage_table import ABSENT, Row, message_usage, told_as

Block = dict[str, Any]

_REASONS = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}


def whole(reply: Reply, ask: Ask, used: Row, form: object) -> Event:
    """A whole message."""
    usage = told_as(form, message_usage(used))
    body = _message(reply, ask) | {
        "content": list(_blocks(reply)),
        "stop_reason": _REASONS.get(reply.finish, reply.finish),
    }
    return Event(body if usage is ABSENT else body | {"usage": usage}, usage)


def events(reply: Reply, ask: Ask, used: Row, form: object) -> Iterator[Event]:
    """A streamed message: its start tells the input, its last delta the output as well."""
    usage = told_as(form, message_usage(used))
    begun = told_as(form, message_usage(used.so_far(0, 1)))
    opening = _message(reply, ask) | ({} if begun is ABSENT else {"usage": begun})
    yield _event("message_start", begun, message=opening)
    for index, block in enumerate(_blocks(reply)):
        yield from _block_events(index, block)
    stopped = {"stop_reason": _REASONS.get(reply.finish, reply.finish), "stop_sequence": None}
    yield _event("message_delta", usage, delta=stopped, **({} if usage is ABSENT else {"usage": usage}))
    yield _event("message_stop")


def failure(message: str) -> Event:
    """An error in the midst of a stream."""
    return _event("error", error={"type": "overloaded_error", "message": message})


def _message(reply: Reply, ask: Ask) -> dict[str, Any]:
    return {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _blocks(reply: Reply) -> Iterator[Block]:
    if not reply.tool_calls:
        yield {"type": "text", "text": reply.text}
    for call in reply.tool_calls:
        yield {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments)}


def _block_events(index: int, block: Block) -> Iterator[Event]:
    empty: Block = {"text": ""} if block["type"] == "text" else {"input": {}}
    yield _event("content_block_start", index=index, content_block=block | empty)
    if block["type"] == "text":
        deltas = [{"type": "text_delta", "text": text} for text in pieces(block["text"])]
    else:
        written = json.dumps(block["input"])
        halves = (written[: len(written) // 2], written[len(written) // 2 :])
        deltas = [{"type": "input_json_delta", "partial_json": half} for half in halves]
    for delta in deltas:
        yield _event("content_block_delta", index=index, delta=delta)
    yield _event("content_block_stop", index=index)


def _event(name: str, usage: object = ABSENT, /, **parts: Any) -> Event:
    return Event({"type": name, **parts}, usage, name)
