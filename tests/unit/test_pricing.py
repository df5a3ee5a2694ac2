"""Prices: of whom, of what, when, and the arithmetic."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from agentgauge.call import TokenUsage
from agentgauge.pricing import Price, Rates, cost_of, find_price, provider_of


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


NOW = at("2026-11-22T12:00")
PRICE = Price(
    "p", "m", Rates(input=1_000, output=4_000, cache_read=100, cache_write=1_250, reasoning=4_000, request=0)
)


@pytest.mark.parametrize(
    ("host", "path", "name"),
    [
        ("api.openai.com", "/v1/chat/completions", "openai"),
        ("API.OpenAI.com.", "/v1/responses", "openai"),
        ("my-team.openai.azure.com", "/openai/deployments/x", "azure.ai.openai"),
        ("generativelanguage.googleapis.com", "/v1beta/openai/chat/completions", "gcp.gemini"),
        ("us-central1-aiplatform.googleapis.com", "/v1", "gcp.vertex_ai"),
        ("bedrock-runtime.us-east-1.amazonaws.com", "/openai/v1", "aws.bedrock"),
        ("api.mistral.ai", "/v1", "mistral_ai"),
        ("api.x.ai", "/v1", "x_ai"),
        ("api.groq.com", "/openai/v1", "groq"),
        ("router.huggingface.co", "/novita/v3", "huggingface_novita"),
        ("api.moonshot.cn", "/v1", "moonshotai"),
    ],
)
def test_a_provider_is_known_by_its_host(host, path, name):
    assert provider_of(host, 443, path, providers={}) == name


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (None, "/v1"),
        ("", "/v1"),
        ("localhost", "/api.openai.com"),
        ("127.0.0.1", "/v1"),
        ("::1", "/v1"),
        ("llm.corp", "/v1"),
        ("api.openai.com.example.org", "/v1"),
        ("example.org", "/x.googleapis.com"),
        ("example", "/x.openai.azure.com"),
        ("notapi.openai.com", "/v1"),
    ],
)
def test_a_server_that_nobody_knows_has_no_provider(host, path):
    assert provider_of(host, 8000, path, providers={}) is None


@pytest.mark.parametrize("key", ["localhost:8000", "localhost", "*"])
def test_a_setting_names_the_provider_of_any_host(key):
    assert provider_of("localhost", 8000, "/v1", providers={key: "azure"}) == "azure.ai.openai"


def test_a_setting_goes_before_the_url():
    assert (
        provider_of("api.openai.com", 443, "/v1", providers={"api.openai.com": "our-gateway"})
        == "our-gateway"
    )


def test_a_setting_for_a_port_goes_before_one_for_the_host():
    providers = {"localhost": "openai", "localhost:8001": "groq"}
    assert provider_of("localhost", 8001, "/v1", providers=providers) == "groq"


@pytest.mark.parametrize(
    ("otel", "genai"),
    [
        ("azure.ai.openai", "azure"),
        ("mistral_ai", "mistral"),
        ("x_ai", "x-ai"),
        ("aws.bedrock", "aws"),
        ("gcp.gemini", "google"),
        ("gcp.vertex_ai", "google"),
        ("OpenAI", "openai"),
    ],
)
def test_names_of_either_vocabulary_find_the_same_price_list(otel, genai):
    model = {
        "azure": "gpt-4o",
        "mistral": "mistral-large-latest",
        "x-ai": "grok-3",
        "aws": "amazon.nova-pro-v1:0",
    }
    name = model.get(genai, "gemini-2.5-flash" if genai == "google" else "gpt-4o")
    assert find_price(otel, name, at_ns=NOW) == find_price(genai, name, at_ns=NOW) is not None


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        (None, "gpt-4o"),
        ("ollama", "gpt-4o"),
        ("my-openai-like-server", "gpt-4o"),
        ("openai", "mistral-7b"),
        ("openai", ""),
        ("openai", "gpt-4o" + "x" * 10**6),
        ("openai", "whisper-1"),  # by the hour of audio
        ("openai", "moderation"),  # no price at all is not a price of zero
    ],
)
def test_unknown_is_unpriced(provider, model):
    assert find_price(provider, model, at_ns=NOW) is None


def test_a_provider_falls_back_to_the_maker_of_a_model():
    azure = find_price("azure.ai.openai", "claude-3-opus-latest", at_ns=NOW)
    assert azure == find_price("anthropic", "claude-3-opus-latest", at_ns=NOW) is not None


def test_prices_change_by_time_of_day():
    night, day = (
        find_price("deepseek", "deepseek-chat", at_ns=at(f"2025-05-01T{t}")) for t in ("00:10", "12:00")
    )
    assert (night.base.input, day.base.input) == (135_000, 270_000)


def test_cached_tokens_cost_their_own_rate():
    usage = TokenUsage(input=1_000, output=10, cache_read=600, cache_write=100)
    cost = cost_of(usage, PRICE)
    assert (cost.input_nanousd, cost.output_nanousd, cost.source) == (60 + 125 + 300, 40, "genai-prices")


def test_cached_tokens_never_exceed_the_input():
    assert cost_of(TokenUsage(input=10, cache_read=50, cache_write=50), PRICE).input_nanousd == 1


def test_unknown_tokens_cost_nothing():
    assert cost_of(TokenUsage(), PRICE).nanousd == 0


@pytest.mark.parametrize(("pico", "nano"), [(499, 0), (500, 0), (501, 1), (1500, 2), (2500, 2), (3500, 4)])
def test_each_side_is_rounded_half_to_even(pico, nano):
    price = Price("p", "m", Rates(pico, 0, pico, pico, 0, 0))
    assert cost_of(TokenUsage(input=1), price).input_nanousd == nano


def test_past_a_tier_every_token_costs_the_higher_rate():
    price = Price("p", "m", Rates(1_000, 0, 1_000, 1_000, 0, 0), tiers=((0, ((100, 2_000), (200, 3_000))),))
    costs = [cost_of(TokenUsage(input=n), price).input_nanousd for n in (100, 101, 201)]
    assert costs == [100, 202, 603]


def test_a_fee_for_the_request_is_part_of_the_input():
    price = find_price("perplexity", "sonar", at_ns=NOW)
    assert cost_of(TokenUsage(input=0, output=0), price).input_nanousd == 12_000_000


def test_the_table_says_first_what_made_it(pytestconfig):
    table = json.loads(
        (pytestconfig.rootpath / "src/agentgauge/data/prices.json").read_text(encoding="utf-8")
    )
    assert next(iter(table)) == "generated"
