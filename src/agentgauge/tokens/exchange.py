"""Counts one exchange: what was asked, and what came back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentgauge.tokens.answer import read_answer
from agentgauge.tokens.counted import Counted, OutputCalls
from agentgauge.tokens.definitions import definition_segments
from agentgauge.tokens.families import family_of
from agentgauge.tokens.history import OTHER, message_segments
from agentgauge.tokens.prompt import read_prompt
from agentgauge.tokens.vocabulary import count_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from agentgauge.tokens.answer import Answer
    from agentgauge.tokens.asked import Prompt
    from agentgauge.tokens.counted import Segment

_KIND = re.compile(r"[a-z][a-z0-9_.:-]{0,63}")
_MOST_KINDS = 16


def count_exchange(
    *,
    operation: str,
    model: str,
    request: Mapping[str, Any] | None,
    answers: Sequence[Mapping[str, Any]],
    usage_known: bool = False,
) -> Counted:
    """Counts a request and its answer, which may be malformed: what cannot be read is left out.

    Args:
        operation: `chat`, `text_completion` or `embeddings`.
        model: the request's model, which decides on the vocabulary.
        request: the JSON body of a POST to chat/completions, responses, completions or embeddings.
        answers: one whole response body, or the chunks of a stream, perhaps cut off.
        usage_known: the server said how much was used; then only tools need counting, and where there
            are none no vocabulary is loaded (0.4 s, the first time).
    """
    prompt = read_prompt(operation, request, model=model)
    answer = read_answer(answers)
    family = family_of(model)
    calls = _output_calls(answer, family.encoding)
    added = [message.adds for message in prompt.messages if message.adds is not None]
    segments: list[Segment] = []
    text = 0
    if not usage_known or _has_tools(prompt, answer):
        segments = [*definition_segments(prompt, family), *message_segments(prompt, family)]
        text = sum(count_tokens(t, encoding=family.encoding) for t in answer.text)
    return Counted(
        segments=tuple(segments) if prompt.readable else (),
        output_tokens=text + sum(c.tokens for c in calls),
        output_calls=calls,
        offered=tuple(o.name for o in (*prompt.offers, *added)),
        not_attributable=_kinds([*prompt.built_in, *answer.built_in]),
        input_chars=sum(len(m.text) + sum(len(c.arguments) for c in m.calls) for m in prompt.messages),
        output_chars=sum(map(len, answer.text)) + sum(len(c.arguments) for c in answer.calls),
        has_tools=prompt.has_tools,
        input_readable=prompt.readable,
        output_readable=answer.readable,
        encoding=family.encoding,
        known_encoding=family.known,
        uncounted_images=prompt.uncounted_images,
    )


def _has_tools(prompt: Prompt, answer: Answer) -> bool:
    """Whether any token of this exchange is a tool's."""
    in_history = any(message.calls or message.answers is not None for message in prompt.messages)
    return prompt.has_tools or in_history or bool(answer.calls)


def _output_calls(answer: Answer, encoding: str) -> tuple[OutputCalls, ...]:
    found: dict[str, list[int]] = {}
    for call in answer.calls:
        entry = found.setdefault(call.name or OTHER, [0, 0])
        entry[0] += 1
        entry[1] += count_tokens(call.name, encoding=encoding) + count_tokens(
            call.arguments, encoding=encoding
        )
    return tuple(OutputCalls(tool, calls, tokens) for tool, (calls, tokens) in found.items())


def _kinds(found: Iterable[str]) -> tuple[str, ...]:
    """Distinct words only: they become an attribute, where no text of a user's may end up."""
    known = dict.fromkeys(k if _KIND.fullmatch(k) else "unknown" for k in found)
    return tuple(known)[:_MOST_KINDS]
