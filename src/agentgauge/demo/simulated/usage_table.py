"""Where the server's usage numbers come from, and the forms in which it tells them."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

INPUT_RANGE = (200, 4000)
OUTPUT_RANGE = (20, 900)
ENORMOUS = 10**18
"""Beyond what a double holds exactly, within what 64 bits hold."""

ABSENT = object()
"""The answer has no `usage` at all."""


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens of one answer; cached is part of input, reasoning part of output."""

    input: int
    output: int
    cached: int
    reasoning: int

    def so_far(self, done: int, of: int) -> "Row":
        """What a stream has used after `done` of `of` chunks: all input, a part of the output."""
        output = self.output * done // max(of, 1)
        return replace(self, output=output, reasoning=min(self.reasoning, output))


def row(seed: int, api_key: str, number: int) -> Row:
    """The `number`-th row of an API key's table; the same for the same seed, on every machine."""
    draw = random.Random(f"{seed}:{api_key}:{number}")  # noqa: S311  # a table, no secret
    given, written = draw.randint(*INPUT_RANGE), draw.randint(*OUTPUT_RANGE)
    cached = draw.choice((0, draw.randint(0, given)))
    reasoning = draw.choice((0, draw.randint(0, written)))
    return Row(given, written, cached, reasoning)


def chat_usage(used: Row) -> dict[str, Any]:
    """`usage` of a chat completion."""
    return {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
        "prompt_tokens_details": {"cached_tokens": used.cached},
        "completion_tokens_details": {"reasoning_tokens": used.reasoning},
    }


def completion_usage(used: Row) -> dict[str, Any]:
    """`usage` of a text completion, which has no details."""
    return {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
    }


def embedding_usage(used: Row) -> dict[str, Any]:
    """`usage` of an embedding, which writes nothing."""
    return {"prompt_tokens": used.input, "total_tokens": used.input}


def response_usage(used: Row) -> dict[str, Any]:
    """`usage` of the Responses API."""
    return {
        "input_tokens": used.input,
        "input_tokens_details": {"cached_tokens": used.cached},
        "output_tokens": used.output,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
        "total_tokens": used.input + used.output,
    }


def message_usage(used: Row) -> dict[str, Any]:
    """`usage` of Anthropic's Messages API: what was read from a cache, or written to one, is no input there.

    A third of what was not read is written.
    """
    written = (used.input - used.cached) // 3 if used.cached else 0
    return {
        "input_tokens": used.input - used.cached - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": used.cached,
        "output_tokens": used.output,
    }


_LEAVES: dict[str, Callable[[int], object]] = {
    "negative": lambda count: -count,
    "enormous": lambda count: ENORMOUS + count,
    "floats": lambda count: count + 0.5,
    "strings": str,
    "zero": lambda _: 0,
}

USAGE_FORMS = ("table", "none", "null", "prompt_only", "x_groq", "last", *_LEAVES)
"""`x_groq` is the table, where Groq's streams of chat tell it: in their last chunk, asked for or not.
`last` as well, as Mistral's do: in the `usage` of that chunk."""


def told_as(form: object, usage: dict[str, Any]) -> object:
    """The usage in the form that a rule asks for; a form that is no word is told as it stands."""
    if form in ("table", "x_groq", "last"):
        return usage
    if form == "none":
        return ABSENT
    if form == "null":
        return None
    if form == "prompt_only":
        return dict([next(iter(usage.items()))])
    if isinstance(form, str):
        return _each_count(usage, _LEAVES[form])
    return form


def _each_count(value: Any, change: Callable[[int], object]) -> Any:
    if isinstance(value, dict):
        return {name: _each_count(part, change) for name, part in value.items()}
    return change(value)
