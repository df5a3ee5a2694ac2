"""What a request would use, before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agentgauge.tokens.asked import SYSTEM_ROLES, Prompt
from agentgauge.tokens.counted import Kind
from agentgauge.tokens.definitions import definition_segments
from agentgauge.tokens.families import family_of
from agentgauge.tokens.history import message_segments
from agentgauge.tokens.prompt import read_prompt
from agentgauge.tokens.vocabulary import count_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EMBEDDINGS = ("text-embedding-", "openai/text-embedding-")


@dataclass(frozen=True, slots=True)
class Estimate:
    """Input tokens of a request by part; the parts add up to `input_tokens`.

    Attributes:
        system: tokens of the text of system and developer messages.
        user: tokens of the text of the user's messages, images not among them.
        assistant: tokens of the text of the model's earlier answers.
        tool_definitions: tokens of the tools' declarations.
        tool_results: tokens of the tools' results.
        tool_calls: tokens of the model's earlier calls.
        images: tokens of the images whose rule and size are known.
        overhead: tokens of the format around the messages.
        input_tokens: all of them.
        per_tool: tool name to tokens of its definition, results and calls.
        source: always `estimated`: only the provider knows.
        encoding: the tiktoken vocabulary that was used.
        not_attributable: what nobody can count, such as built-in tools; it is in no number.
    """

    system: int = 0
    user: int = 0
    assistant: int = 0
    tool_definitions: int = 0
    tool_results: int = 0
    tool_calls: int = 0
    images: int = 0
    overhead: int = 0
    input_tokens: int = 0
    per_tool: Mapping[str, int] = field(default_factory=dict)
    source: str = "estimated"
    encoding: str = "o200k_base"
    not_attributable: tuple[str, ...] = ()


def count(
    messages: str | Sequence[Mapping[str, Any]] | Mapping[str, Any],
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    model: str,
) -> Estimate:
    """Estimates the input tokens of a request before it is sent; needs no network.

    Args:
        messages: as for chat completions or Anthropic (`role`, `content`, …), one user's message as
            text, or a whole request body as OpenAI's chat, Responses, completions and embeddings, Anthropic's
            messages, Gemini's generateContent or Bedrock's Converse take it: `count(body, model=…)`.
        tools: as for the API that the messages are for; they replace those of a body.
        model: its name decides on the vocabulary; one that is not OpenAI's is counted with o200k_base.

    Returns:
        Tokens by part. What cannot be read counts as nothing; what nobody can count is named.
    """
    if isinstance(messages, Mapping):
        body = dict(messages)
    else:
        listed = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
        body = {"messages": listed}
    if tools is not None:
        body["tools"] = list(tools)
    operation = "embeddings" if "input" in body and model.startswith(_EMBEDDINGS) else "chat"
    prompt = read_prompt(operation, body, model=model)
    family = family_of(model)
    segments = [*definition_segments(prompt, family), *message_segments(prompt, family)]
    per_tool: dict[str, int] = {}
    for segment in segments:
        if segment.tool is not None:
            per_tool[segment.tool] = per_tool.get(segment.tool, 0) + segment.tokens
    by_kind = {kind: sum(s.tokens for s in segments if s.kind is kind) for kind in Kind}
    text = {roles: _text(prompt, roles, family.encoding) for roles in (SYSTEM_ROLES, ("assistant",))}
    user = sum(_text_tokens(prompt, family.encoding)) - sum(text.values())
    return Estimate(
        system=text[SYSTEM_ROLES],
        user=user,
        assistant=text[("assistant",)],
        tool_definitions=by_kind[Kind.DEFINITION],
        tool_results=by_kind[Kind.RESULT_NEW] + by_kind[Kind.RESULT_CARRIED],
        tool_calls=by_kind[Kind.CALL_CARRIED],
        images=prompt.image_tokens,
        overhead=by_kind[Kind.TEXT] - sum(text.values()) - user - prompt.image_tokens,
        input_tokens=sum(by_kind.values()),
        per_tool=per_tool,
        encoding=family.encoding,
        not_attributable=tuple(dict.fromkeys(prompt.built_in)),
    )


def _text_tokens(prompt: Prompt, encoding: str) -> Iterable[int]:
    return (count_tokens(m.text, encoding=encoding) for m in prompt.messages if m.answers is None)


def _text(prompt: Prompt, roles: tuple[str, ...], encoding: str) -> int:
    texts = (m.text for m in prompt.messages if m.answers is None and m.role in roles)
    return sum(count_tokens(t, encoding=encoding) for t in texts)
