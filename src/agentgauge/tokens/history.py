"""What the messages of a request cost, and which of them belong to tools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from agentgauge.tokens.asked import SYSTEM_ROLES
from agentgauge.tokens.claude import MESSAGE, REPLY, scaled
from agentgauge.tokens.counted import Kind, Segment
from agentgauge.tokens.definitions import added_segment, share
from agentgauge.tokens.structured import format_tokens
from agentgauge.tokens.vocabulary import count_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agentgauge.tokens.asked import Message, Prompt
    from agentgauge.tokens.claude import Claude
    from agentgauge.tokens.families import Family
    from agentgauge.tokens.parts import ToolCall

OTHER = "other"
"""The tool of a result whose call nobody saw."""

_MESSAGE = 4  # three around a message, and its role
_NAME = 1


def message_segments(prompt: Prompt, family: Family) -> list[Segment]:
    """The messages in order, calls and results apart from text."""
    if prompt.form in ("completions", "embeddings"):
        tokens = sum(count_tokens(m.text, encoding=family.encoding) for m in prompt.messages)
        return [Segment(Kind.TEXT, None, tokens + prompt.token_ids)]
    last = max((i for i, m in enumerate(prompt.messages) if m.role == "assistant"), default=-1)
    reader = _Reader(prompt, family)
    segments = [s for i, m in enumerate(prompt.messages) for s in reader.segments(m, new=i > last)]
    rest = family.reply + prompt.image_tokens
    if family.claude is not None:
        rest = REPLY + prompt.image_tokens + (family.claude.thinking if prompt.thinking else 0)
    if prompt.answer_format is not None and family.claude is None:
        system = bool(prompt.messages) and prompt.messages[0].role in SYSTEM_ROLES
        rest += format_tokens(
            prompt.answer_format, family, form=prompt.form, system=system, tools=bool(prompt.offers)
        )
    return [*segments, Segment(Kind.TEXT, None, max(rest, 0))]


class _Reader:
    """Reads messages in order; it remembers which call belongs to which tool."""

    def __init__(self, prompt: Prompt, family: Family) -> None:
        self._family = family
        self._encoding = family.encoding
        self._claude = family.claude
        self._parallel = family.parallel
        self._wraps = prompt.form == "chat" and family.claude is None
        self._pair = family.pair if self._wraps else family.pair_responses
        self._kept = 0 if self._wraps else family.kept
        self._final = family.final
        self._tool_of: dict[str, str] = {}
        self._around_result: dict[str, int] = {}
        self._result_of = {m.answers: m.text for m in prompt.messages if m.answers is not None}
        self._written: dict[str, int] = {}

    def segments(self, message: Message, *, new: bool) -> Iterator[Segment]:
        if message.answers is not None:
            yield self._result(message, new=new)
            return
        if message.adds is not None:
            yield added_segment(message.adds, self._family)
            return
        if message.text or not message.calls:
            yield Segment(Kind.TEXT, None, self._text(message))
        if self._claude is not None:
            yield from self._claude_calls(message.calls, self._claude)
            return
        wrapped = self._wraps and len(message.calls) > 1
        tokens = self._together(message.calls) if wrapped else [self._alone(c) for c in message.calls]
        for call, count in zip(message.calls, tokens, strict=True):
            self._tool_of[call.id] = call.name or OTHER
            yield Segment(Kind.CALL_CARRIED, call.name or OTHER, count)

    def _count(self, text: str) -> int:
        return count_tokens(text, encoding=self._encoding)

    def _text(self, message: Message) -> int:
        if self._claude is not None:
            around = 0 if message.role in SYSTEM_ROLES else MESSAGE
            return around + scaled(self._count(message.text), self._claude.text)
        name = self._count(message.name) + _NAME if message.name else 0
        channel = self._final if message.role == "assistant" else 0
        return _MESSAGE + self._count(message.text) + name + channel

    def _claude_calls(self, calls: Sequence[ToolCall], costs: Claude) -> Iterator[Segment]:
        around = costs.pair // 2
        for call in calls:
            self._tool_of[call.id] = call.name or OTHER
            text = self._result_of.get(call.id, "")
            self._written[call.id] = scaled(self._count(text), costs.step) + costs.pair - around
            asked = self._count(call.arguments) + self._count(call.name)
            yield Segment(Kind.CALL_CARRIED, call.name or OTHER, scaled(asked, costs.step) + around)

    def _alone(self, call: ToolCall) -> int:
        pair = self._pair + (self._kept if call.kept else 0)
        around = pair // 2
        recipient = self._count(f"{call.namespace or 'functions'}.{call.name}")
        self._around_result[call.id] = recipient + pair - around
        named = self._count(call.name) if self._wraps else recipient
        return self._count(compact(call.arguments)) + named + around

    def _together(self, calls: Sequence[ToolCall]) -> list[int]:
        """Parallel calls are written as one call of a wrapping tool."""
        uses = [
            f'{{"recipient_name":"functions.{c.name}","parameters":{compact(c.arguments)}}}' for c in calls
        ]
        wrapper = self._count('{"tool_uses":[' + ",".join(uses) + "]}")
        around = self._parallel // 2
        # Their results come back together as well, as one list of strings in JSON.
        texts = [self._result_of.get(c.id, "") for c in calls]
        together = self._count(json.dumps(texts, ensure_ascii=False))
        weights = [self._count(t) + 1 for t in texts]
        for call, part in zip(calls, share(together + self._parallel - around, weights), strict=True):
            self._written[call.id] = part
        return share(wrapper + around, [self._count(u) for u in uses])

    def _result(self, message: Message, *, new: bool) -> Segment:
        answers = message.answers or ""
        # The legacy form has no ids: a result bears the function's name.
        tool = self._tool_of.get(answers) or (answers if message.role == "function" else "") or OTHER
        kind = Kind.RESULT_NEW if new else Kind.RESULT_CARRIED
        if (written := self._written.pop(answers, None)) is not None:
            return Segment(kind, tool, written)
        around = self._around_result.get(answers, self._pair - self._pair // 2)
        return Segment(kind, tool, self._count(message.text) + around)


def compact(arguments: str) -> str:
    """Arguments as they are sent again: JSON without spaces."""
    try:
        return json.dumps(json.loads(arguments), ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return arguments
