"""One shape for what came back: whole bodies and stream chunks, cut off or not, become an `Answer`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agentgauge.tokens import converse, gemini
from agentgauge.tokens.parts import (
    Piece,
    ToolCall,
    arguments_of,
    built_in_call,
    chat_calls,
    item_call,
    text_of,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_REASONING = ("reasoning_content", "reasoning")
_CONVERSE_EVENTS = ("messageStart", "contentBlockStart", "contentBlockDelta", "messageStop")
_TEXT_EVENTS = ("text.delta", "refusal.delta")  # not audio, images or the code of built-in tools


@dataclass(slots=True)
class Answer:
    """What came back.

    Attributes:
        text: the text parts that the model wrote, reasoning that was shown included.
        calls: the tool calls that it asked for.
        built_in: tools that the provider ran itself.
        readable: there was an answer, if an empty one.
    """

    text: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    built_in: list[str] = field(default_factory=list)
    readable: bool = False


@dataclass(slots=True)
class _Parts:
    """A stream's text and calls while they arrive, by choice or output index."""

    texts: dict[Any, list[str]] = field(default_factory=dict)
    calls: dict[Any, list[str]] = field(default_factory=dict)  # [id, name, arguments...]

    def add_text(self, key: Any, text: str) -> None:
        if text:
            self.texts.setdefault(key, []).append(text)

    def add_call(self, key: Any, *, call_id: str, name: str, arguments: str) -> None:
        call = self.calls.setdefault(key, ["", ""])
        call[0] = call[0] or call_id
        call[1] = call[1] or name
        call.append(arguments)


def read_answer(answers: Sequence[Any]) -> Answer:
    """The answer in one whole body, or in the chunks of a stream."""
    answer, parts = Answer(), _Parts()
    for body in answers:
        if isinstance(body, dict):
            _read_body(answer, parts, body)
    if not (answer.text or answer.calls):  # a finished response repeats what its events brought
        answer.text = ["".join(t) for t in parts.texts.values()]
        answer.calls = [ToolCall(c[0], c[1], "".join(c[2:])) for c in parts.calls.values()]
    return answer


def _read_body(answer: Answer, parts: _Parts, body: dict[str, Any]) -> None:
    if isinstance(body.get("choices"), list):
        answer.readable = True
        _read_choices(parts, body["choices"])
    elif isinstance(body.get("output"), list):
        answer.readable = True
        _read_output(answer, body["output"])
    elif isinstance(body.get("candidates"), list):
        _read_pieces(answer, parts, gemini.pieces(body))
    elif isinstance(body.get("output"), dict) or any(key in body for key in _CONVERSE_EVENTS):
        _read_pieces(answer, parts, converse.pieces(body))
    elif isinstance(body.get("data"), list):
        answer.readable = True
    elif body.get("type") == "message" and isinstance(body.get("content"), list):
        _read_message(answer, parts, body["content"])
    elif isinstance(body.get("type"), str):
        _read_event(answer, parts, body)


def _read_pieces(answer: Answer, parts: _Parts, pieces: list[Piece]) -> None:
    answer.readable = True
    for piece in pieces:
        if piece.call is not None:
            key = ("call", len(parts.calls)) if piece.key is None else piece.key
            call = piece.call
            parts.add_call(key, call_id=call.id, name=call.name, arguments=call.arguments)
        elif piece.built_in:
            answer.built_in.append(piece.built_in)
        else:
            parts.add_text(piece.key, piece.text)


def _key(index: Any, otherwise: int) -> int:
    return index if isinstance(index, int) else otherwise


def _read_choices(parts: _Parts, choices: list[Any]) -> None:
    for number, choice in enumerate(choices):
        if isinstance(choice, dict):
            _read_choice(parts, choice, _key(choice.get("index"), number))


def _read_choice(parts: _Parts, choice: dict[str, Any], key: int) -> None:
    if isinstance(text := choice.get("text"), str):
        parts.add_text((key, "text"), text)
    for name in ("message", "delta"):
        message = choice.get(name)
        if not isinstance(message, dict):
            continue
        parts.add_text((key, "text"), text_of(message.get("content")) or word(message.get("refusal")))
        thought = next((t for r in _REASONING if (t := word(message.get(r)))), "")
        parts.add_text((key, "reasoning"), thought)
        if name == "message":
            for number, call in enumerate(chat_calls(message)):
                parts.add_call((key, number), call_id=call.id, name=call.name, arguments=call.arguments)
        else:
            _read_delta(parts, message, key)


def _read_delta(parts: _Parts, delta: dict[str, Any], key: int) -> None:
    legacy = delta.get("function_call")
    if isinstance(legacy, dict):
        _add_piece(parts, (key, "function_call"), "", legacy)
    pieces = delta.get("tool_calls")
    for number, piece in enumerate(pieces if isinstance(pieces, list) else ()):
        if isinstance(piece, dict):
            function = piece.get("function", piece.get("custom"))
            of = function if isinstance(function, dict) else {}
            _add_piece(parts, (key, _key(piece.get("index"), number)), word(piece.get("id")), of)


def _add_piece(parts: _Parts, key: Any, call_id: str, piece: dict[str, Any]) -> None:
    arguments = arguments_of(piece.get("arguments", piece.get("input")))
    parts.add_call(key, call_id=call_id, name=word(piece.get("name")), arguments=arguments)


def _read_output(answer: Answer, output: list[Any]) -> None:
    """The items of a whole response of the Responses API."""
    for item in output:
        if not isinstance(item, dict):
            continue
        if call := item_call(item):
            answer.calls.append(call)
        elif kind := built_in_call(item):
            answer.built_in.append(kind)
        elif text := text_of(item.get("content")) or text_of(item.get("summary")):
            answer.text.append(text)


def _read_message(answer: Answer, parts: _Parts, content: list[Any]) -> None:
    """A whole message of Anthropic's."""
    answer.readable = True
    for number, block in enumerate(content):
        _read_block(parts, block, number)


def _read_anthropic(answer: Answer, parts: _Parts, event: dict[str, Any]) -> None:
    """One event of Anthropic's streams."""
    answer.readable = True
    number = _key(event.get("index"), 0)
    _read_block(parts, event.get("content_block"), number)
    delta = event.get("delta")
    if event["type"] != "content_block_delta" or not isinstance(delta, dict):
        return
    if delta.get("type") == "input_json_delta":
        parts.add_call(number, call_id="", name="", arguments=word(delta.get("partial_json")))
    else:
        parts.add_text(number, word(delta.get("text")) or word(delta.get("thinking")))


def _read_block(parts: _Parts, block: Any, number: int) -> None:
    """A block of Anthropic's content; a stream starts a call with empty input."""
    if not isinstance(block, dict):
        return
    if block.get("type") == "tool_use":
        given = block.get("input")
        written = arguments_of(given) if given else ""
        parts.add_call(number, call_id=word(block.get("id")), name=word(block.get("name")), arguments=written)
    else:
        parts.add_text(number, word(block.get("text")) or word(block.get("thinking")))


def _read_event(answer: Answer, parts: _Parts, event: dict[str, Any]) -> None:
    """One event of a Responses API stream."""
    kind = event["type"]
    if kind.startswith(("message_", "content_block_")):
        _read_anthropic(answer, parts, event)
    if not kind.startswith("response."):
        return
    answer.readable = True
    key = (_key(event.get("output_index"), 0), _key(event.get("content_index"), 0))
    response = event.get("response")
    if kind in ("response.completed", "response.incomplete") and isinstance(response, dict):
        output = response.get("output")
        _read_output(answer, output if isinstance(output, list) else [])
    elif kind in ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta"):
        parts.add_call(key[0], call_id="", name="", arguments=word(event.get("delta")))
    elif kind.endswith(_TEXT_EVENTS):
        parts.add_text(key, word(event.get("delta")))
    elif kind == "response.output_item.added" and isinstance(item := event.get("item"), dict):
        if call := item_call(item):
            parts.add_call(key[0], call_id=call.id, name=call.name, arguments=call.arguments)
        elif built_in := built_in_call(item):
            answer.built_in.append(built_in)
