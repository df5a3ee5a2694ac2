"""200 calls of every kind: the report equals the servers' own books wherever they sent usage.

Where they did not, it says that the number is estimated, or that there is none. Money is compared with
genai-prices itself, from the tokens in the books.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from every_kind import BILLED_USD, KINDS
from genai_prices import Usage, calc_price

from agentgauge.demo.simulated import SimulatedServer
from agentgauge.report.build import build_report
from agentgauge.store.read import Selection
from environments import SOURCES, with_openai

PROGRAM = Path(__file__).with_name("every_kind.py")
HOSTS = ("openai", "azure", "openrouter", "nobody")
CALLS = {f"sim-{name}-{n}": (name, made) for name, made in KINDS.items() for n in range(made.times)}
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens")


def _of(version):
    return pytest.param(version, marks=pytest.mark.xdist_group(f"every-kind-{version}"))


@pytest.fixture(scope="module", params=[_of("current"), _of("2.8.0"), _of("2.54.0"), _of("3.57.0")])
def ran(request, tmp_path_factory):
    """The store, what the program said of itself, and the servers' books by API key."""
    store = tmp_path_factory.mktemp("every-kind") / "store.sqlite"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    with ExitStack() as stack:
        servers = {host: stack.enter_context(SimulatedServer(seed=n)) for n, host in enumerate(HOSTS)}
        for key, (_, made) in CALLS.items():
            servers[made.host].script.load({"api_key": key, "rules": list(made.rules)})
        urls = json.dumps({host: server.url for host, server in servers.items()})
        done = subprocess.run(
            [
                sys.executable if request.param == "current" else with_openai(request.param),
                PROGRAM,
                urls,
                store,
            ],
            env=kept | {"PYTHONPATH": str(SOURCES)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        books = {}
        for server in servers.values():
            books |= server.books.to_dict()["by_api_key"]
    assert (done.returncode, done.stderr) == (0, ""), (done.returncode, done.stderr)
    return store, json.loads(done.stdout), books


def told(book):
    """Whether a server told what its call used."""
    return book["input_tokens"] + book["output_tokens"] > 0


def money(made, book):
    """Nano-USD of one call by genai-prices, each side rounded once; None where no list has a price."""
    if made.host == "nobody" or not told(book):
        return None
    if made.host == "openrouter":
        return round(BILLED_USD * 1e9)
    ((model, _),) = book["by_model"].items()
    usage = Usage(
        input_tokens=book["input_tokens"],
        output_tokens=book["output_tokens"],
        cache_read_tokens=book["cache_read_tokens"],
    )
    price = calc_price(usage, model, provider_id=made.host, genai_request_timestamp=datetime.now(UTC))
    return round(price.input_price * 10**9) + round(price.output_price * 10**9)


def assert_agrees(report, books):
    """Every call, every kind and the whole say what the books say, and where each number is from."""
    by_call = {row["id"]: row for row in report["workflows"]}
    by_kind = {row["agent"]: row for row in report["agents"]}
    assert by_call.keys() == books.keys() == CALLS.keys()
    assert by_kind.keys() == KINDS.keys()
    for key, (_, made) in CALLS.items():
        row, book = by_call[key], books[key]
        assert row["calls"] == 1, key
        assert row["requests"] == book["requests"] == 1 + made.retries, key
        assert {k for k, calls in row["usage_sources"].items() if calls} == {made.source}, key
        failed = {"error": "errors", "cancelled": "cancelled"}
        for outcome, column in failed.items():
            assert row[column] == (made.outcome == outcome), key
        if made.source == "provider":
            assert told(book), key
            assert {t: row[t] or 0 for t in TOKENS} == {t: book[t] or 0 for t in TOKENS}, key
            assert row["cost_nanousd"] == money(made, book), key
        elif made.source == "mixed":
            assert row["input_tokens"] == book["input_tokens"] > 0, key
            assert row["output_tokens"] > book["output_tokens"] == 0, key
        else:
            assert not told(book), key
            assert (row["total_tokens"] > 0) == (made.source == "estimated"), key
            assert (row["cost_nanousd"] is None) == (made.source == "none"), key
    for name, made in KINDS.items():
        mine = [by_call[key] for key, (of, _) in CALLS.items() if of == name]
        for column in ("calls", "requests", "retries", *TOKENS, "cost_nanousd", "wasted_tokens"):
            assert (by_kind[name][column] or 0) == sum(row[column] or 0 for row in mine), (name, column)
            assert made.times == len(mine)
    for column in ("calls", "requests", "retries", *TOKENS, "total_tokens", "cost_nanousd"):
        whole = report["totals"][column]
        assert whole == sum(row[column] or 0 for row in report["agents"]), column
        assert whole == sum(row[column] or 0 for row in report["models"]), column


def test_it_makes_200_calls():
    assert len(CALLS) == 200


def test_the_report_agrees_with_the_books(ran):
    store, _, books = ran

    assert_agrees(build_report(store, Selection()), books)


def test_the_program_itself_reads_the_same_sums(ran):
    store, said, _ = ran
    totals = build_report(store, Selection())["totals"]

    assert said.pop("by_agent").keys() == KINDS.keys()
    assert said.pop("duration_s") == pytest.approx(totals.pop("duration_s"))
    assert said == totals


def test_what_has_no_price_is_listed(ran):
    store, _, _ = ran
    report = build_report(store, Selection())

    assert [(row["provider"], row["model"]) for row in report["unpriced"]] == [(None, "gpt-4o-mini")]
    assert report["totals"]["unpriced_tokens"] > 0


FAULTS = {
    "dropped": "DELETE FROM calls WHERE agent = 'chat' AND workflow_id = 'sim-chat-3'",
    "doubled": "INSERT INTO calls SELECT * FROM (SELECT * FROM calls WHERE workflow_id = 'sim-raw-0')",
    "on the wrong agent": "UPDATE calls SET agent = 'raw' WHERE workflow_id = 'sim-chat-3'",
    "one token off": "UPDATE calls SET output_tokens = output_tokens + 1 WHERE workflow_id = 'sim-chat-3'",
    "one nano-USD off": "UPDATE calls SET cost_nanousd = cost_nanousd + 1 WHERE workflow_id = 'sim-raw-1'",
    "a retry forgotten": "UPDATE calls SET retries = 1 WHERE workflow_id = 'sim-retried-0'",
    "an estimate unmarked": "UPDATE calls SET usage_source = 'provider' WHERE agent = 'stream_untold'",
    "a number from nowhere": "UPDATE calls SET input_tokens = 5 WHERE workflow_id = 'sim-refused-0'",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(ran, tmp_path, fault):
    store, _, books = ran
    copy = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(store)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(store, copy)
    with closing(sqlite3.connect(copy)) as db, db:
        if fault == "doubled":
            db.execute("CREATE TEMP TABLE twice AS SELECT * FROM calls WHERE workflow_id = 'sim-raw-0'")
            db.execute("UPDATE twice SET span_id = lower(hex(randomblob(8)))")
            changed = db.execute("INSERT INTO calls SELECT * FROM twice").rowcount
        else:
            changed = db.execute(FAULTS[fault]).rowcount
    assert changed

    with pytest.raises(AssertionError):
        assert_agrees(build_report(copy, Selection()), books)
