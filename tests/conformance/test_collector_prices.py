"""The Collector's component prices as the SDK does: to the nano-USD, for every model of the list."""

import json
import os
import random
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
import yaml
from genai_prices.data import providers

from agentgauge.call import Call, Request, Response, TokenUsage
from agentgauge.price_file import read_price_file
from agentgauge.price_list import PriceList
from agentgauge.pricing import cost_of, provider_of

PROCESSOR = Path(__file__).parents[2] / "collector" / "genaiprocessor"
TIMES = [
    datetime(2025, 5, 1, 0, 29, 59, tzinfo=UTC),
    datetime(2025, 5, 1, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 18, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 11, 4, 2, tzinfo=UTC),
    datetime(2027, 2, 1, 7, tzinfo=UTC),
]
TIERS = (None, "flex", "batch", "priority", "fast", "auto", "standard", "scale")
USAGES = [  # input, output, cache read, cache write, reasoning, for an hour; on both sides of the usual tiers
    (0, 0, 0, 0, 0, 0),
    (1, 1, 0, 0, 0, 0),
    (1_234, 567, 1_000, 34, 500, 0),
    (10, 5, 100, 0, 9, 0),  # more cached than input, more reasoning than output
    (128_000, 5, 0, 0, 5, 0),
    (128_001, 5, 0, 128_001, 0, 128_001),
    (200_000, 10, 5, 7, 3, 9),
    (200_001, 99_999, 150_000, 30_000, 70_001, 20_000),
    (272_001, 7, 100_000, 0, 0, 0),
    (1_000_003, 333, 0, 0, 0, 0),
    (1_000_000_000, 1_000_000_000, 0, 0, 0, 0),
]
OWN = [
    {"model": "gpt-4.1", "service_tier": "priority", "input": 3.5, "output": 14.0, "cached_input": 0.875},
    {
        "model": "llama-[0-9]*",
        "provider": "our-*",
        "input": 0.0833333333333333,
        "output": 0.4,
        "request": 1e-5,
    },
    {"model": "mistral-7b*", "per_hour": 1.2},
    {"provider": "openai", "discount": 0.0725, "from": "2026-01-01"},
    {"model": "kept", "input": 3, "cache_write": 4, "cache_write_1h": 5.5, "output": 15},
    {"model": "dear", "input": 1_000_000, "output": 1_000_000, "reasoning": 999_999.5},
]
HOSTS = [
    "api.openai.com",
    "API.OPENAI.COM.",
    "api.openai.com.example.org",
    "x.openai.azure.com",
    "localhost",
    "a.localhost",
    "127.0.0.1",
    "[::1]",
    "openrouter.ai",
    "router.huggingface.co",
    "europe-west1-aiplatform.googleapis.com",
    "api.moonshot.ai",
    "generativelanguage.googleapis.com",
    "bedrock-runtime.eu-west-1.amazonaws.com",
    "example.org",
]
PATHS = ["", "/v1/chat/completions?x=1", "/groq/v1", "/serving-endpoints/a"]


def name_matched_by(rule):
    """A model name that a rule of genai-prices accepts."""
    ((kind, operand),) = vars(rule).items()
    if kind in ("or_", "and_"):
        return "".join(map(name_matched_by, operand[:1] if kind == "or_" else operand))
    return "" if kind == "regex" else operand


def used(*tokens):
    *rest, hour = tokens
    return TokenUsage(*rest, cache_write_1h=hour)


@dataclass(frozen=True, kw_only=True)
class Asked:
    provider: str | None
    model: str
    at: datetime
    response: str | None = None
    tier: str | None = None
    audio: bool = False
    duration_ns: int = 0
    own: str = ""

    def quoted(self, prices, usages=USAGES):
        """A line with the SDK's own answer."""
        at_ns = int(self.at.timestamp()) * 10**9
        call = Call(
            trace_id=1,
            span_id=1,
            parent_span_id=None,
            start_ns=at_ns,
            end_ns=at_ns + self.duration_ns,
            request=Request(operation="chat", model=self.model, provider=self.provider),
            response=Response(model=self.response, service_tier=self.tier),
            usage=TokenUsage(1, 1, has_audio=self.audio),
        )
        price = prices.price_of(call)
        costs = [cost_of(used(*usage), price) for usage in usages] if price is not None else None
        nanousd = [[c.input_nanousd, c.output_nanousd] for c in costs] if costs is not None else None
        asked = {name: value or "" for name, value in vars(self).items() if name not in ("at", "audio")}
        asked |= {"audio": self.audio, "duration_ns": self.duration_ns}
        return asked | {"at_ns": at_ns, "usages": usages, "nanousd": nanousd}


def of_the_list():
    """Every model of genai-prices, by its id and by a name that its rule takes, at every time."""
    prices, rng = PriceList(), random.Random(7)
    for provider in providers:
        names = {name for m in provider.models for name in (m.id, name_matched_by(m.match)) if name}
        asked = [*product(sorted(names), TIMES)]
        asked += [
            (odd, TIMES[2]) for n in sorted(names) for odd in (f"{n}-20250929", f"{n.upper()}-tts", f"x{n}")
        ]
        for name, at in asked:
            drawn = [tuple(rng.randrange(most) for most in (10**6, 10**5, 10**6, 99, 10**5, 99))]
            yield Asked(provider=provider.id, model=name, at=at).quoted(prices, USAGES + drawn)


def of_tiers_and_names():
    names = ("openai", "azure.ai.openai", "OpenAI", "groq", "gcp.vertex_ai", "nobody", None)
    for provider, tier, audio in product(names, TIERS, (False, True)):
        asked = Asked(provider=provider, model="gpt-4.1", at=TIMES[-1], tier=tier, audio=audio)
        yield asked.quoted(PriceList())
        yield replace(asked, response="gpt-4.1-2025-04-14", model="mine").quoted(PriceList())
    for provider in ("openai", "azure.ai.openai", "anthropic", "mistral_ai"):
        models = [m.id for p in providers if p.id == provider.split("_")[0].split(".")[0] for m in p.models]
        for model, tier, at in product(models, TIERS, TIMES[1:4]):
            yield Asked(provider=provider, model=model, at=at, tier=tier).quoted(PriceList(), USAGES[-6:])


def of_own_prices(path):
    prices = PriceList(read_price_file(path))
    asked = product(
        ("openai", "our-gateway", "elsewhere"),
        ("gpt-4.1", "llama-3", "mistral-7b-x", "kept", "dear", "other"),
        TIMES,
        (None, "priority", "flex"),
        (0, 1_234_567_891),
    )
    for provider, model, at, tier, duration_ns in asked:
        one = Asked(provider=provider, model=model, at=at, tier=tier, duration_ns=duration_ns, own="own")
        yield one.quoted(prices)


def of_hosts():
    for host, port, path in product(HOSTS, (443, 8000), PATHS):
        provider = provider_of(host, port, path, providers={})
        yield {"host": host, "port": port, "path": path, "provider": provider or ""}


def test_go_prices_as_python_does(tmp_path):
    go = shutil.which("go")
    if go is None and not os.environ.get("CI"):
        pytest.skip("Go is not installed")
    own, quotes = tmp_path / "prices.toml", tmp_path / "quotes.jsonl"
    own.write_text(
        "\n".join("[[price]]\n" + "\n".join(f"{k} = {toml(k, v)}" for k, v in e.items()) for e in OWN)
    )
    lines = [*of_the_list(), *of_tiers_and_names(), *of_own_prices(own), *of_hosts()]
    header = {"own": yaml.safe_dump({"prices": OWN})}
    quotes.write_text("\n".join(map(json.dumps, [header, *lines])))

    done = subprocess.run(
        [go, "test", "-count=1", "-v", "-run", "TestPricesAreThoseOfTheSDK", "."],
        cwd=PROCESSOR,
        env=os.environ | {"AGENTGAUGE_QUOTES": str(quotes)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    assert f"compared {len(lines)}" in done.stdout
    assert sum(line.get("nanousd") is not None for line in lines) > 5_000


def toml(key, value):
    return value if key == "from" else json.dumps(value)
