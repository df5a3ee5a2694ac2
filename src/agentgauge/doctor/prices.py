"""Prices: the list, the user's file, and the models of the store that have none, with a file to fill in."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from agentgauge.call import Call, Request
from agentgauge.doctor.finding import Finding
from agentgauge.errors import ConfigError, StoreError
from agentgauge.price_file import read_price_file
from agentgauge.price_list import PriceList
from agentgauge.pricing import provider_of
from agentgauge.store.read import open_store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from agentgauge.config import Settings
    from agentgauge.price_file import OwnPrice

TOPIC = "prices"
_SHOWN = 10
_FILE = "prices.toml"
_UNPRICED = """
SELECT provider, request_model AS model, server_address AS host, server_port AS port, count(*) AS calls,
       sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) AS tokens
FROM calls WHERE cost_source = 'unpriced' AND (input_tokens > 0 OR output_tokens > 0)
GROUP BY 1, 2, 3, 4 ORDER BY tokens DESC
"""


def price_findings(settings: Settings, path: Path | None) -> Iterator[Finding]:
    """The price file, and what the store has seen without a price."""
    own: tuple[OwnPrice, ...] = ()
    if settings.prices is None:
        yield Finding(
            TOPIC, "ok", "the public list (genai-prices); no price file of yours", facts={"file": None}
        )
    else:
        facts = {"file": str(settings.prices)}
        try:
            own = read_price_file(settings.prices)
            text = f"{settings.prices}: {len(own)} prices of yours, before the public list"
            yield Finding(TOPIC, "ok", text, facts={**facts, "entries": len(own)})
        except ConfigError as error:
            yield Finding(
                TOPIC, "problem", str(error), next="Until then the public list is used.", facts=facts
            )
    rows = _unpriced(path)
    prices = PriceList(own)
    left = [row for row in rows if not _has_price_now(row, settings, prices)]
    for row in left[:_SHOWN]:
        yield _without_price(row)
    if len(left) > _SHOWN:
        yield Finding(TOPIC, "problem", f"{len(left) - _SHOWN} more models have no price")
    if left:
        yield _how_to_add(left)
    else:
        since = " (some calls from before that are unpriced)" if rows else ""
        yield Finding(TOPIC, "ok", f"every model that the store has seen has a price{since}")


def _unpriced(path: Path | None) -> list[sqlite3.Row]:
    if path is None:
        return []
    try:
        with open_store(path) as store:
            return store.query(_UNPRICED)
    except (StoreError, OSError):
        return []  # which the lines on the store say


def _has_price_now(row: sqlite3.Row, settings: Settings, prices: PriceList) -> bool:
    named = provider_of(row["host"], row["port"], "", providers=settings.providers)
    now = time.time_ns()
    request = Request("chat", row["model"], named or row["provider"])
    return prices.price_of(Call(0, 0, None, now, now, request)) is not None


def _without_price(row: sqlite3.Row) -> Finding:
    at = f" at {_host(row)}" if row["host"] else ""
    who = row["provider"] or "unknown provider"
    text = f"{row['model']}{at} ({who}): {row['tokens']:,} tokens without a price"
    todo = None
    if row["provider"] is None and row["host"]:
        todo = f"If a public provider answers there, name it: AGENTGAUGE_PROVIDERS={_host(row)}=openai"
    facts: dict[str, Any] = {
        key: row[key] for key in ("provider", "model", "host", "port", "calls", "tokens")
    }
    return Finding(TOPIC, "problem", text, next=todo, facts=facts)


def _host(row: sqlite3.Row) -> str:
    host = f"[{row['host']}]" if ":" in row["host"] else row["host"]
    return f"{host}:{row['port']}" if row["port"] else str(host)


def _how_to_add(rows: list[sqlite3.Row]) -> Finding:
    """An entry for each, its rates left to fill in: until then the file is refused, and no rate is 0."""
    models = dict.fromkeys((row["model"], row["provider"]) for row in rows)
    entries = "\n\n".join(_entry(model, provider) for model, provider in models)
    snippet = f"# {_FILE}; then set AGENTGAUGE_PRICES={_FILE}\n{entries}"
    return Finding(
        TOPIC, "note", "to price them, fill this in and save it:", next=snippet, facts={"snippet": snippet}
    )


def _entry(model: str, provider: str | None) -> str:
    lines = ["[[price]]", f"model = {json.dumps(model)}"]
    lines += [f"provider = {json.dumps(provider)}"] if provider else []
    lines += ['input = "USD per million tokens"', 'output = "USD per million tokens"']
    return "\n".join([*lines, "# or, for a machine of your own, in place of both: per_hour = 0"])
