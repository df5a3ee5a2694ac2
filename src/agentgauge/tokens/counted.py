"""What counting one exchange finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a stretch of the prompt is."""

    DEFINITION = "definition"
    TEXT = "text"
    RESULT_NEW = "result_new"
    RESULT_CARRIED = "result_carried"
    CALL_CARRIED = "call_carried"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the prompt; `tool` is the tool it belongs to, None for text."""

    kind: Kind
    tool: str | None
    tokens: int


@dataclass(frozen=True, slots=True)
class OutputCalls:
    """What the model asked of one tool: how often, and the tokens it wrote for that."""

    tool: str
    calls: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Our own count of one exchange.

    Attributes:
        segments: the input in prompt order: definitions, then messages.
        output_tokens: of text and calls together; reasoning that was not shown is not in it.
        output_calls: per tool, part of `output_tokens`.
        offered: names of the tools that the request carried, in order.
        not_attributable: built-in tools and other things whose tokens nobody can know.
        input_chars: characters of the messages' text, results and arguments.
        output_chars: characters of the answer's text and arguments.
        has_tools: the request carried tools, built-in ones included.
        input_readable: the request could be read; otherwise its tokens are unknown, not zero.
        output_readable: there was an answer, if an empty one.
        encoding: the vocabulary that was used.
        known_encoding: it is the model's own.
        uncounted_images: images without a rule or a readable size; they are in no number.
    """

    segments: tuple[Segment, ...] = ()
    output_tokens: int = 0
    output_calls: tuple[OutputCalls, ...] = ()
    offered: tuple[str, ...] = ()
    not_attributable: tuple[str, ...] = ()
    input_chars: int = 0
    output_chars: int = 0
    has_tools: bool = False
    input_readable: bool = False
    output_readable: bool = False
    encoding: str = "o200k_base"
    known_encoding: bool = False
    uncounted_images: int = 0

    @property
    def uncountable(self) -> bool:
        """The request has parts whose tokens nobody can know."""
        return bool(self.not_attributable or self.uncounted_images)

    @property
    def input_tokens(self) -> int:
        """All segments together."""
        return sum(s.tokens for s in self.segments)
