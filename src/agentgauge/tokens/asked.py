"""What was asked, in one shape for every form of request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentgauge.tokens.images import Image
    from agentgauge.tokens.parts import ToolCall

SYSTEM_ROLES = ("system", "developer")


@dataclass(frozen=True, slots=True)
class Offer:
    """A function that the model may call; `deferred` ones are not in the prompt until they are looked up."""

    name: str
    description: str
    parameters: dict[str, Any]
    deferred: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    `answers` is the call id (or the name, in the legacy form) that a tool result answers; `adds` is a
    function that is offered from here on.
    """

    role: str
    text: str = ""
    name: str = ""
    calls: tuple[ToolCall, ...] = ()
    answers: str | None = None
    adds: Offer | None = None


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """The JSON schema that an answer must have."""

    name: str
    description: str
    schema: dict[str, Any]


@dataclass(slots=True)
class Prompt:
    """What was asked.

    Attributes:
        form: `chat`, `responses`, `completions` or `embeddings`.
        offers: functions, in order.
        built_in: the provider's own tools and other things whose tokens nobody can know.
        messages: in order, the Responses API's instructions first.
        images: those that were sent, in order.
        image_tokens: of those images whose rule and size are known.
        uncounted_images: how many others there are.
        token_ids: how many tokens were sent as numbers, which some clients of embeddings do.
        looked_up: names of deferred functions that a search for tools has brought into the prompt.
        has_tools: the request carried tools of any kind.
        forced: the function that `tool_choice` names.
        required: `tool_choice` asks for a call of any function.
        answer_format: the JSON schema that the answer must have.
        thinking: Anthropic's extended thinking is on.
        parallel: calls of several tools at once were not switched off.
        readable: there was something to count.
    """

    form: str
    offers: list[Offer] = field(default_factory=list)
    built_in: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    image_tokens: int = 0
    uncounted_images: int = 0
    token_ids: int = 0
    looked_up: set[str] = field(default_factory=set)
    has_tools: bool = False
    forced: str = ""
    required: bool = False
    answer_format: AnswerFormat | None = None
    thinking: bool = False
    parallel: bool = True

    @property
    def readable(self) -> bool:
        """There was something to count."""
        return bool(self.messages or self.offers or self.token_ids)
