"""How many tokens a model takes in one request: the user's word, else the list of genai-prices.

`data/context_windows.json` is generated with the price table; it is read when the first large request comes.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from agentgauge.pricing import find_price

if TYPE_CHECKING:
    from collections.abc import Mapping


def window_of(provider: str | None, model: str, *, at_ns: int, own: Mapping[str, int]) -> int | None:
    """Tokens of input and output together; None where nobody says.

    Args:
        provider: as `gen_ai.provider.name`.
        model: as the request names it.
        at_ns: when, since the list finds models by their price.
        own: `model` or `provider/model`, with `*` for anything, to tokens; the first that fits goes first.
    """
    names = (model.lower(), f"{provider or ''}/{model}".lower())
    for pattern, tokens in own.items():
        if any(fnmatchcase(name, pattern.lower()) for name in names):
            return tokens
    listed = find_price(provider, model, at_ns=at_ns)
    return _windows().get(listed.provider, {}).get(listed.model) if listed is not None else None


@cache
def _windows() -> Mapping[str, Mapping[str, int]]:
    text = files("agentgauge").joinpath("data", "context_windows.json").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, int]] = json.loads(text)["tokens"]
    return found
