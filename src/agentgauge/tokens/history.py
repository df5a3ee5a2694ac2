"""What the messages of a request cost, and which of them belong to tools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from agentgauge.tokens.counted import Kind, Segment
from agentgauge.tokens.definitions import share
from agentgauge.tokens.vocabulary import count_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agentgauge.tokens.families import Family
    from agentgauge.tokens.prompt import Message, Prompt, ToolCall

OTHER = "other"
"""The tool of a result whose call nobody saw."""

_MESSAGE = 4  # three around a message, and its role
_NAME = 1
_IMAGE = 85  # OpenAI's documented price of an image at low detail, the least an image costs


def message_segments(prompt: Prompt, family: Family) -> list[Segment]:
    """The messages in order, calls and results apart from text."""
    if prompt.form in ("completions", "embeddings"):
        tokens = sum(count_tokens(m.text, encoding=family.encoding) for m in prompt.messages)
        return [Segment(Kind.TEXT, None, tokens + prompt.token_ids)]
    last = max((i for i, m in enumerate(prompt.messages) if m.role == "assistant"), default=-1)
    reader = _Reader(prompt, family)
    segments = [s for i, m in enumerate(prompt.messages) for s in reader.segments(m, new=i > last)]
    return [*segments, Segment(Kind.TEXT, None, family.reply + _IMAGE * prompt.images)]


class _Reader:
    """Reads messages in order; it remembers which call belongs to which tool."""

    def __init__(self, prompt: Prompt, family: Family) -> None:
        self._encoding = family.encoding
        self._parallel = family.parallel
        self._wraps = prompt.form == "chat"
        self._pair = family.pair if self._wraps else family.pair_responses
        self._tool_of: dict[str, str] = {}
        self._around_result: dict[str, int] = {}

    def segments(self, message: Message, *, new: bool) -> Iterator[Segment]:
        if message.answers is not None:
            yield self._result(message, new=new)
            return
        if message.text or not message.calls:
            yield Segment(Kind.TEXT, None, self._text(message))
        wrapped = self._wraps and len(message.calls) > 1
        tokens = self._together(message.calls) if wrapped else [self._alone(c) for c in message.calls]
        for call, count in zip(message.calls, tokens, strict=True):
            self._tool_of[call.id] = call.name or OTHER
            yield Segment(Kind.CALL_CARRIED, call.name or OTHER, count)

    def _count(self, text: str) -> int:
        return count_tokens(text, encoding=self._encoding)

    def _text(self, message: Message) -> int:
        name = self._count(message.name) + _NAME if message.name else 0
        return _MESSAGE + self._count(message.text) + name

    def _alone(self, call: ToolCall) -> int:
        around = self._pair // 2
        self._around_result[call.id] = self._count(f"functions.{call.name}") + self._pair - around
        return self._count(compact(call.arguments)) + self._count(call.name) + around

    def _together(self, calls: Sequence[ToolCall]) -> list[int]:
        """Parallel calls are written as one call of a wrapping tool."""
        uses = [
            f'{{"recipient_name":"functions.{c.name}","parameters":{compact(c.arguments)}}}' for c in calls
        ]
        wrapper = self._count('{"tool_uses":[' + ",".join(uses) + "]}")
        around = self._parallel // 2
        for call, part in zip(calls, share(self._parallel - around, [1] * len(calls)), strict=True):
            self._around_result[call.id] = part
        return share(wrapper + around, [self._count(u) for u in uses])

    def _result(self, message: Message, *, new: bool) -> Segment:
        answers = message.answers or ""
        # The legacy form has no ids: a result bears the function's name.
        tool = self._tool_of.get(answers) or (answers if message.role == "function" else "") or OTHER
        around = self._around_result.get(answers, self._pair - self._pair // 2)
        kind = Kind.RESULT_NEW if new else Kind.RESULT_CARRIED
        return Segment(kind, tool, self._count(message.text) + around)


def compact(arguments: str) -> str:
    """Arguments as they are sent again: JSON without spaces."""
    try:
        return json.dumps(json.loads(arguments), ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return arguments
