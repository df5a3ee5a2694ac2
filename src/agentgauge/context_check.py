"""Flags a request that its model cannot take, before it leaves: nothing is stopped, and nothing is changed.

Only what is certain enough is said. In the tokenizers of today no token spans two words, so the words of a
request are a lower bound of its tokens; where even those do not fit, the request does not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from agentgauge.context_window import window_of

if TYPE_CHECKING:
    from agentgauge.pipeline.core import Pipeline
    from agentgauge.pipeline.exchange import Exchange

SMALLEST = 4096
"""No model that is listed takes less, but for a few; a request of fewer bytes is not looked at."""
_SAID = ("messages", "input", "instructions")
_APART = ("/embeddings", "/completions")
_NOT_TEXT = {"image_url", "input_audio", "file", "data", "file_data", "url", "b64_json"}
_DEEPEST = 12


def check_context(
    exchange: Exchange, *, provider: str | None, own: Mapping[str, int], pipeline: Pipeline
) -> None:
    """Notes on the exchange, and warns once a model, where the request will not fit."""
    body, model = exchange.body or b"", exchange.model
    most = 0 if exchange.most_output is None else exchange.most_output // max(1, exchange.choices)
    if model is None or (not own and len(body) + most < SMALLEST):
        return
    window = window_of(provider, model, at_ns=time.time_ns(), own=own)
    if window is None or len(body) + most <= window:  # no token is shorter than a byte
        return
    least = least_tokens(body, path=exchange.path or "")
    if least + most <= window:
        return
    exchange.over_context = window
    asked = f" and up to {most:,} of output" if most else ""
    pipeline.warn(
        "context",
        f"A request to {model} has at least {least:,} tokens of input{asked}, and the model takes "
        f"{window:,} in all: the server will refuse it, or cut it. Shorten it, or correct the limit: "
        f"AGENTGAUGE_CONTEXT_LIMITS={model}=TOKENS.",
    )


def least_tokens(body: bytes, *, path: str = "") -> int:
    """A lower bound of the input tokens of a request, or of its longest text where each is taken apart."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return 0
    if not isinstance(parsed, Mapping):
        return 0
    if path.endswith(_APART) and not path.endswith("/chat/completions"):
        texts = parsed.get("input", parsed.get("prompt"))
        each = texts if isinstance(texts, list) else [texts]
        return max((_words(text, depth=0) for text in each), default=0)
    return sum(_words(parsed.get(name), depth=0) for name in _SAID)


def _words(value: Any, *, depth: int) -> int:
    if isinstance(value, str):
        return len(value.split())
    if depth > _DEEPEST:
        return 0
    return sum(_words(part, depth=depth + 1) for part in _parts(value))


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if name in _NOT_TEXT or name in {"role", "type", "id", "call_id", "tool_call_id"}:
                continue
            yield part
