"""The compiled table gives the same money as genai-prices itself, for every model that it prices."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from itertools import product

import pytest
from genai_prices import Usage
from genai_prices.data import providers

from agentgauge.call import TokenUsage
from agentgauge.generate import prices as generator
from agentgauge.price_extras import fee_pico, in_tier
from agentgauge.pricing import cost_of, find_price

TIMES = [
    datetime(2025, 5, 1, 0, 29, 59, tzinfo=UTC),
    datetime(2025, 5, 1, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 18, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 11, 4, 2, tzinfo=UTC),
    datetime(2027, 2, 1, 7, tzinfo=UTC),
]
USAGES = [  # input, output, cache read, cache write, of which for an hour; on both sides of the usual tiers
    (1, 1, 0, 0, 0),
    (1_234, 567, 1_000, 34, 0),
    (128_000, 5, 0, 0, 0),
    (128_001, 5, 0, 128_001, 128_001),
    (200_000, 10, 5, 7, 0),
    (200_001, 99_999, 150_000, 30_000, 20_000),
    (272_001, 7, 100_000, 0, 0),
    (1_000_003, 333, 0, 0, 0),
]


def whole_pico(price) -> bool:
    rates = [
        r
        for v in vars(price).values()
        if v is not None
        for r in ([v.base, *(t.price for t in v.tiers)] if hasattr(v, "tiers") else [v])
    ]
    return all(r * 10**6 % 1 == 0 for r in rates)


def name_matched_by(rule):
    """A model name that a rule of genai-prices accepts; a list entry's id does not always match itself."""
    ((kind, operand),) = vars(rule).items()
    if kind in ("or_", "and_"):
        return "".join(map(name_matched_by, operand[:1] if kind == "or_" else operand))
    return "" if kind == "regex" else operand


def their_money(price, tokens):
    keys = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
    said = price.calc_price(Usage(**{f"{key}_tokens": n for key, n in zip(keys, tokens, strict=True)}))
    fee = said["total_price"] - said["input_price"] - said["output_price"]
    return round((said["input_price"] + fee) * 10**9), round(said["output_price"] * 10**9)


@pytest.mark.parametrize("provider", providers, ids=lambda p: p.id)
def test_every_priced_model_costs_what_genai_prices_says(provider):
    wrong, compared = [], 0
    names = {name for m in provider.models for name in (m.id, name_matched_by(m.match)) if name}
    for name, moment in product(sorted(names), TIMES):
        price = find_price(provider.id, name, at_ns=int(moment.timestamp()) * 10**9)
        model = provider.find_model(name, all_providers=providers)
        if price is None or model is None:
            continue
        theirs = model.get_prices(moment)
        for *rest, hour in USAGES:
            tokens = (*rest, hour if theirs.cache_write_1h_mtok is not None else 0)
            used = TokenUsage(*rest, cache_write_1h=tokens[-1])
            ours, expected = cost_of(used, price), their_money(theirs, tokens)
            # A rate that is no whole number of pico-USD is float noise upstream: half a pico a token.
            slack = 0 if whole_pico(theirs) else 1 + sum(tokens) // 2000
            compared += 1
            if abs(ours.input_nanousd - expected[0]) + abs(ours.output_nanousd - expected[1]) > slack:
                wrong.append((name, moment, tokens, ours, expected))
    assert wrong == []
    assert compared > 0 or provider.id in NOT_BY_TOKEN


NOT_BY_TOKEN = {"elevenlabs"}


def test_every_model_with_a_price_by_token_is_in_the_table():
    at_ns = 1_795_000_000 * 10**9
    missing = []
    for provider, model in ((p, m) for p in providers for m in p.models):
        name = name_matched_by(model.match) or model.id
        found = provider.find_model(name, all_providers=providers)
        theirs = found.get_prices(datetime.fromtimestamp(at_ns / 1e9, UTC)) if found else None
        if (
            getattr(theirs, "input_mtok", None) is not None
            and find_price(provider.id, name, at_ns=at_ns) is None
        ):
            missing.append((provider.id, name))
    assert missing == []


def test_a_reasoning_rate_applies_to_reasoning_alone():
    price = find_price("perplexity", "sonar-deep-research", at_ns=10**18)
    cost = cost_of(TokenUsage(input=0, output=100, reasoning=60), price)
    assert cost.output_nanousd == 60 * 3_000 + 40 * 8_000


def test_the_committed_table_is_fresh():
    assert generator.main(["--check"]) == 0


@pytest.mark.parametrize("table", ["TABLE", "WINDOWS"])
def test_a_stale_table_fails_the_check(tmp_path, monkeypatch, capsys, table):
    (tmp_path / "table.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(generator, table, tmp_path / "table.json")
    assert generator.main(["--check"]) == 1
    assert "python -m agentgauge.generate.prices" in capsys.readouterr().err


def test_pricing_never_imports_genai_prices():
    code = (
        "import sys; from agentgauge.pricing import find_price; find_price('openai', 'gpt-4o', at_ns=0);"
        "sys.exit('genai_prices' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


LATER = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_tiers_and_fees_cost_what_genai_prices_says():
    compared = 0
    for provider, model in ((p, m) for p in providers for m in p.models if m.price_variants):
        name = next(filter(None, (name_matched_by(model.match), model.id)))
        price = find_price(provider.id, name, at_ns=int(LATER.timestamp()) * 10**9)
        if price is None or (price.provider, price.model) != (provider.id, model.id):
            continue
        for variant in model.price_variants:
            ((word, tier),) = variant.when.items()
            tiered = in_tier(price, tier, at_ns=int(LATER.timestamp()) * 10**9)
            if tiered is None or word in ("route", "search_type"):
                continue
            theirs = model.get_prices(LATER, price_context={word: tier})
            compared += 1
            for *rest, hour in USAGES:
                tokens = (*rest, hour if theirs.cache_write_1h_mtok is not None else 0)
                used = TokenUsage(*rest, cache_write_1h=tokens[-1])
                ours, expected = cost_of(used, tiered), their_money(theirs, tokens)
                slack = 0 if whole_pico(theirs) else 1 + sum(tokens) // 2000
                assert abs(ours.input_nanousd - expected[0]) <= slack, (name, tier, tokens)
                assert abs(ours.output_nanousd - expected[1]) <= slack, (name, tier, tokens)
    assert compared > 100


def test_a_search_of_claude_costs_a_cent():
    price = find_price("anthropic", "claude-opus-4-8", at_ns=int(LATER.timestamp()) * 10**9)

    assert fee_pico(price, "web_search") == 10**10
    assert fee_pico(price, "code_execution") is None
