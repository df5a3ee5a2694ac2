"""Compiles genai-prices into tables of ours, in `data`.

`prices.json` has the prices, `price_extras.json` tiers and fees, `context_windows.json` what models take.

    python -m agentgauge.generate.prices           # write it
    python -m agentgauge.generate.prices --check   # exit 1 when the committed file is stale

Prices become integers: pico-USD (10^-12 USD) a token, so 1 USD per million tokens is 1,000,000. A price that
is no whole number of them (float noise upstream, such as 0.0833333333333333) is rounded to the nearest.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genai_prices import data, types

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import time
    from decimal import Decimal

_NOT_AT_START = re.compile(r"\^\(\?!((?:[^()]|\([^()]*\))*)\)")

TABLE = Path(__file__).parent.parent / "data" / "prices.json"
EXTRAS = TABLE.with_name("price_extras.json")
WINDOWS = TABLE.with_name("context_windows.json")

# `gen_ai.provider.name` of the OpenTelemetry GenAI conventions, by the provider's id in genai-prices.
_OTEL_NAMES = {
    "aws": "aws.bedrock",
    "azure": "azure.ai.openai",
    "google": "gcp.gen_ai",
    "mistral": "mistral_ai",
    "x-ai": "x_ai",
}
# Other names under which people know a provider.
_ALIASES = {
    "aws": ["bedrock"],
    "azure": ["azure.ai.inference", "azure_openai"],
    "google": ["gcp.gemini", "gcp.vertex_ai", "gemini", "vertex_ai"],
    "mistral": ["mistralai"],
    "together": ["together_ai"],
    "x-ai": ["xai"],
}
# One provider in genai-prices, several in the conventions: these hosts are tried first.
_HOSTS = {
    "google": [
        [r"https://generativelanguage\.googleapis\.com", "gcp.gemini"],
        [r"https://(?:[a-z0-9-]+-)?aiplatform\.googleapis\.com", "gcp.vertex_ai"],
    ],
}
# Fields of a price: ours, theirs, and what to multiply by for pico-USD a token (or a request).
_FIELDS = (
    ("input", "input_mtok", 10**6),
    ("output", "output_mtok", 10**6),
    ("cache_read", "cache_read_mtok", 10**6),
    ("cache_write", "cache_write_mtok", 10**6),
    ("cache_write_1h", "cache_write_1h_mtok", 10**6),
    ("reasoning", "output_reasoning_mtok", 10**6),
    ("request", "requests_kcount", 10**9),
)
# Fees of hosted tools: our word for the tool, and their field (USD per 1,000 uses).
_FEES = (("web_search", "web_searches_kcount"), ("file_search", "storage_searches_kcount"))


def _rate(price: Decimal | types.TieredPrices, scale: int) -> int | list[Any]:
    """An integer, or [base, [[tokens, rate above them], ...]]."""
    if isinstance(price, types.TieredPrices):
        return [round(price.base * scale), [[t.start, round(t.price * scale)] for t in price.tiers]]
    return round(price * scale)


def _rates(price: types.ModelPrice, *, model_id: str) -> dict[str, Any] | None:
    """Rates by token; None where text tokens have no price: audio, images, or simply unknown."""
    found = {
        ours: _rate(value, scale)
        for ours, theirs, scale in _FIELDS
        if (value := getattr(price, theirs)) is not None
    }
    if not found and model_id.endswith(":free"):
        return {"input": 0, "output": 0}
    return found if "input" in found else None


def _seconds(moment: time) -> int:
    offset = moment.utcoffset()
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return (seconds - int(offset.total_seconds() if offset else 0)) % 86400


def _condition(constraint: types.StartDateConstraint | types.TimeOfDateConstraint | None) -> dict[str, Any]:
    if isinstance(constraint, types.StartDateConstraint):
        return {"from": constraint.start_date.isoformat()}
    if isinstance(constraint, types.TimeOfDateConstraint):
        return {"daily_s": [_seconds(constraint.start_time), _seconds(constraint.end_time)]}
    return {}


def _prices(model: types.ModelInfo) -> list[dict[str, Any]] | None:
    """Prices in upstream's order: the last whose condition holds counts, the first when none does."""
    listed = model.prices
    if isinstance(listed, types.ModelPrice):
        listed = [types.ConditionalPrice(prices=listed)]
    found = []
    for price in listed:
        rates = _rates(price.prices, model_id=model.id)
        found.append({**_condition(price.constraint), "rates": rates})
    return found if any(p["rates"] for p in found) else None


def _regex(pattern: str) -> Any:
    """A regex that Go reads too, which has no look-ahead: `^(?!x)` becomes not `^x`."""
    negated = _NOT_AT_START.fullmatch(pattern)
    return {"not": {"regex": f"^(?:{negated[1]})"}} if negated else {"regex": pattern}


def _rule(clause: Any) -> Any:
    """A rule on the lower-case model name: a string for equality, otherwise {kind: operand}."""
    ((kind, operand),) = vars(clause).items()
    kind = kind.rstrip("_")
    if kind in ("or", "and"):
        return {kind: [_rule(c) for c in operand]}
    if kind == "regex":  # upstream alone decides about the case in one
        return _regex(operand)
    return operand.lower() if kind == "equals" else {kind: operand.lower()}


def _provider(provider: types.Provider) -> dict[str, Any]:
    name = _OTEL_NAMES.get(provider.id, provider.id)
    # A wildcard must not run from the host into the path, where a caller writes what he likes.
    pattern = provider.api_pattern.replace(".*", "[^/]*").replace("[^.]*", "[^./]*")
    return {
        "id": provider.id,
        "name": name,
        "aliases": _ALIASES.get(provider.id, []),
        "hosts": [*_HOSTS.get(provider.id, []), [pattern, name]],
        "fallback": provider.fallback_model_providers or [],
        "models": [[m.id, _rule(m.match), _prices(m)] for m in provider.models],
    }


def build() -> str:
    """The table as JSON text, one model a line."""
    source = f"python -m agentgauge.generate.prices, from genai-prices {version('genai-prices')}; do not edit"
    lines = [
        f'{{"generated": {json.dumps(source)},',
        '"unit": "pico-USD a token or request",',
        '"providers": [',
    ]
    providers = [_provider(p) for p in data.providers]
    for number, provider in enumerate(providers):
        models = provider.pop("models")
        lines.append(json.dumps(provider)[:-1] + ', "models": [')
        lines += [_compact(m) + ("," if i < len(models) - 1 else "") for i, m in enumerate(models)]
        lines.append("]}" + ("," if number < len(providers) - 1 else ""))
    return "\n".join([*lines, "]}", ""])


def build_windows() -> str:
    """Tokens that a model takes in one request, by provider and model, as JSON text; one provider a line."""
    source = f"python -m agentgauge.generate.prices, from genai-prices {version('genai-prices')}; do not edit"
    known = {
        provider.id: {m.id: m.context_window for m in provider.models if m.context_window}
        for provider in data.providers
    }
    lines = [f"{json.dumps(name)}:{_compact(models)}" for name, models in known.items() if models]
    return f'{{"generated": {json.dumps(source)},\n"tokens": {{\n' + ",\n".join(lines) + "\n}}\n"


def _extras(model: types.ModelInfo) -> dict[str, Any] | None:
    """What a use of each hosted tool costs, and all rates in each tier; None where there is nothing.

    Of prices that changed, the last. A tier of a model whose price goes by the hour is left out.
    """
    listed = model.prices if isinstance(model.prices, list) else [types.ConditionalPrice(prices=model.prices)]
    last = listed[-1].prices if listed else types.ModelPrice()
    fees = {
        ours: round(value * 10**9)
        for ours, theirs in _FEES
        if (value := getattr(last, theirs, None)) is not None
    }
    hourly = any(isinstance(price.constraint, types.TimeOfDateConstraint) for price in listed)
    tiers = []
    for variant in [] if hourly else model.price_variants or []:
        (word, tier), *more = variant.when.items()
        given = {key: value for key, value in vars(variant.prices).items() if value is not None}
        rates = _rates(types.ModelPrice(**{**vars(last), **given}), model_id=model.id)
        if not more and word in ("processing", "service_tier", "speed") and given and rates:
            tiers.append({"tier": tier, **_condition(variant.constraint), "rates": rates})
    found = {**({"fees": fees} if fees else {}), **({"tiers": tiers} if tiers else {})}
    return found or None


def build_extras() -> str:
    """Tiers and fees, by provider and model, as JSON text; one model a line."""
    source = f"python -m agentgauge.generate.prices, from genai-prices {version('genai-prices')}; do not edit"
    parts = []
    for provider in data.providers:
        models = [(m.id, found) for m in provider.models if (found := _extras(m)) is not None]
        lines = [f"{json.dumps(name)}:{_compact(found)}" for name, found in models]
        if lines:
            parts.append(f"{json.dumps(provider.id)}: {{\n" + ",\n".join(lines) + "\n}")
    head = f'{{"generated": {json.dumps(source)},\n"unit": "pico-USD a token, request or use",\n'
    return head + '"providers": {\n' + ",\n".join(parts) + "\n}}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the tables, or with --check compares them; the exit status is 1 when one is stale."""
    parser = argparse.ArgumentParser(prog="python -m agentgauge.generate.prices", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    only_check, stale = parser.parse_args(argv).check, 0
    for path, text in ((TABLE, build()), (EXTRAS, build_extras()), (WINDOWS, build_windows())):
        if not only_check:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"{path.name} is stale: run python -m agentgauge.generate.prices\n")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
