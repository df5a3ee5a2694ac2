"""Shapes of /v1/chat/completions and /v1/completions, whole and streamed."""

import time
from collections.abc import Iterator
from typing import Any

from .events import Event
from .reply import Reply, pieces
from .script import Ask
from .usage_table import ABSENT, Row, chat_usage, completion_usage, told_as

Delta = dict[str, Any]


def whole(reply: Reply, ask: Ask, used: Row, form: object) -> Event:
    """A whole answer."""
    choices = [_choice(reply, ask, index) for index in range(reply.choices)]
    body = _envelope(reply, ask, stream=False) | {"choices": choices}
    usage = told_as(form, _usage(ask, used))
    return Event(body if usage is ABSENT else body | {"usage": usage}, usage)


def events(reply: Reply, ask: Ask, used: Row, form: object) -> Iterator[Event]:
    """A streamed answer.

    With `stream_options.include_usage` a last chunk without choices tells the usage. With
    `continuous_usage_stats` besides, as vLLM has it, every chunk tells what was used so far.
    """
    options = ask.body.get("stream_options") or {}
    last_tells = bool(options.get("include_usage")) and form not in ("none", "x_groq", "last")
    each_tells = last_tells and bool(options.get("continuous_usage_stats"))
    envelope = _envelope(reply, ask, stream=True)
    parts = [choice for index in range(reply.choices) for choice in _chunk_choices(reply, ask, index)]
    for number, choice in enumerate(parts):
        chunk = envelope | {"choices": [choice]}
        if form == "x_groq" and number == len(parts) - 1:
            usage = told_as(form, _usage(ask, used))
            yield Event(chunk | {"x_groq": {"id": reply.id, "usage": usage}}, usage)
        elif form == "last" and number == len(parts) - 1:
            usage = told_as(form, _usage(ask, used))
            yield Event(chunk | {"usage": usage}, usage)
        elif each_tells:
            usage = told_as(form, _usage(ask, used.so_far(number, len(parts))))
            yield Event(chunk | {"usage": usage}, usage)
        else:
            yield Event(chunk | {"usage": None} if last_tells else chunk)
    if last_tells:
        usage = told_as(form, _usage(ask, used))
        yield Event(envelope | {"choices": [], "usage": usage}, usage)


def failure(message: str) -> Event:
    """An error in the midst of a stream."""
    return Event({"error": {"message": message, "type": "server_error"}})


def _usage(ask: Ask, used: Row) -> dict[str, Any]:
    return chat_usage(used) if ask.endpoint == "chat" else completion_usage(used)


def _envelope(reply: Reply, ask: Ask, *, stream: bool) -> dict[str, Any]:
    chat_kind = "chat.completion.chunk" if stream else "chat.completion"
    return {
        "id": reply.id,
        "object": chat_kind if ask.endpoint == "chat" else "text_completion",
        "created": int(time.time()),
        "model": reply.model,
    }


def _choice(reply: Reply, ask: Ask, index: int) -> dict[str, Any]:
    end = {"index": index, "logprobs": None, "finish_reason": reply.finish}
    if ask.endpoint != "chat":
        return {"text": reply.text, **end}
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None}
    if reply.tool_calls:
        message["content"] = None
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in reply.tool_calls
        ]
    return {"message": message, **end}


def _chunk_choices(reply: Reply, ask: Ask, index: int) -> Iterator[dict[str, Any]]:
    """The `choices[0]` of every chunk of one choice."""
    if ask.endpoint != "chat":
        texts = pieces(reply.text)
        for number, text in enumerate(texts, start=1):
            finish = reply.finish if number == len(texts) else None
            yield {"index": index, "text": text, "logprobs": None, "finish_reason": finish}
        return
    for delta in _deltas(reply):
        yield {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}
    yield {"index": index, "delta": {}, "logprobs": None, "finish_reason": reply.finish}


def _deltas(reply: Reply) -> Iterator[Delta]:
    if not reply.tool_calls:
        yield {"role": "assistant", "content": "", "refusal": None}
        for text in pieces(reply.text):
            yield {"content": text}
        return
    yield {"role": "assistant", "content": None}
    for place, call in enumerate(reply.tool_calls):
        opening = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": place, "id": call.id, "type": "function", "function": opening}]}
        half = len(call.arguments) // 2
        for text in (call.arguments[:half], call.arguments[half:]):
            yield {"tool_calls": [{"index": place, "function": {"arguments": text}}]}
