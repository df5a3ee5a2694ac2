"""What a request would use, before it is sent."""

from __future__ import annotations

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
    from collections.abc import Iterable, Mapping, Sequence


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
        overhead: tokens of the format around the messages.
        input_tokens: all of them.
        per_tool: tool name to tokens of its definition, results and calls.
        source: always `estimated`: only the provider knows.
        encoding: the tiktoken vocabulary that was used.
    """

    system: int = 0
    user: int = 0
    assistant: int = 0
    tool_definitions: int = 0
    tool_results: int = 0
    tool_calls: int = 0
    overhead: int = 0
    input_tokens: int = 0
    per_tool: Mapping[str, int] = field(default_factory=dict)
    source: str = "estimated"
    encoding: str = "o200k_base"


def count(
    messages: str | Sequence[Mapping[str, Any]],
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    model: str,
) -> Estimate:
    """Estimates the input tokens of a chat request before it is sent; needs no network.

    Args:
        messages: as for chat completions (`role`, `content`, `tool_calls`, …), or one user message's text.
        tools: as for chat completions: `{"type": "function", "function": {…}}`.
        model: its name decides on the vocabulary; one that is not OpenAI's is counted with o200k_base.

    Returns:
        Tokens by part. What cannot be read counts as nothing; built-in tools cannot be counted at all.
    """
    listed = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
    prompt = read_prompt("chat", {"messages": listed, "tools": list(tools or ())}, model=model)
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
        overhead=by_kind[Kind.TEXT] - sum(text.values()) - user,
        input_tokens=sum(by_kind.values()),
        per_tool=per_tool,
        encoding=family.encoding,
    )


def _text_tokens(prompt: Prompt, encoding: str) -> Iterable[int]:
    return (count_tokens(m.text, encoding=encoding) for m in prompt.messages if m.answers is None)


def _text(prompt: Prompt, roles: tuple[str, ...], encoding: str) -> int:
    texts = (m.text for m in prompt.messages if m.answers is None and m.role in roles)
    return sum(count_tokens(t, encoding=encoding) for t in texts)
