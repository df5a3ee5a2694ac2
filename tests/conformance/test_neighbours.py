"""Beside another tracing set-up: theirs is as it is without us, and every call is counted once.

Each is the real library, in an environment of its own; its programs are in tests/neighbours.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from agentgauge.demo.simulated import SimulatedServer
from books import booked, recorded, rows
from environments import SOURCES, with_current_openai

PROGRAMS = Path(__file__).parents[1] / "neighbours"
PINS = (
    "bytecode==0.19.1",
    "ddtrace==4.16.0",
    "ddtrace-internal==0.1.0",
    "envier==0.6.1",
    "executing==2.3.0",
    "logfire==5.2.0",
    "opentelemetry-instrumentation-openai==0.62.4",
    "opentelemetry-semantic-conventions-ai==0.5.1",
    "sentry-sdk==2.75.0",
)
FORWARDED = [
    "chat gpt-4o-mini",
    "chat gpt-4o-mini",
    "chat gpt-4o-mini",
    "invoke_agent researcher",
    "chat gpt-4o-mini",
    "invoke_agent again",
]
TAKE_OURS = {
    "plain",
    "their_openinference",
    "their_openllmetry",
    "both_instrumentors",
    "their_logfire",
}
SET_UPS = [*sorted(TAKE_OURS), "unsampled", "their_sentry", "their_datadog"]
ORDERS = ("theirs", "ours", "apart")
pytestmark = pytest.mark.xdist_group("neighbours")


def run(set_up, order, store):
    """What the program said, and the books of its server."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AGENTGAUGE", "OTEL", "DD_", "SENTRY", "LOGFIRE"))
    }
    with SimulatedServer(seed=5) as server:
        done = subprocess.run(
            [with_current_openai(*PINS), PROGRAMS / "application.py", server.url, store, set_up, order],
            env=kept | {"PYTHONPATH": str(SOURCES)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        books = server.books.to_dict()["by_api_key"]
    assert (done.returncode, done.stderr) == (0, ""), (done.returncode, done.stderr)
    port = server.url.rsplit(":", 1)[1]
    return json.loads(_timeless(re.sub(rf"\b{port}\b", "1", done.stdout))), books


def _timeless(text):
    """Without the simulated server's counter of answers and its clock."""
    return re.sub(r"\b1[789]\d{8}\b", "0", re.sub(r"sim-\d{6}", "sim-0", text))


@pytest.fixture(scope="module", params=SET_UPS)
def set_up(request, tmp_path_factory):
    """Its name, what it sees alone and in each order with us, and the rows and books of those."""
    folder = tmp_path_factory.mktemp(request.param)
    alone, _ = run(request.param, "alone", folder / "none")
    beside = {}
    for order in ORDERS:
        store = folder / order
        said, books = run(request.param, order, store)
        beside[order] = (said, rows(store), books)
    return request.param, alone, beside


def _is_ours(span):
    return isinstance(span, dict) and span.get("scope") == "agentgauge"


def _theirs(seen, set_up):
    """Their spans. What was a root begins below a scope of ours, where ours are handed to them as well."""
    spans = [span for span in seen if not _is_ours(span)]
    if set_up not in TAKE_OURS:
        return spans
    roots = {"invoke_agent again"}
    return [span | {"parent": None} if span["parent"] in roots else span for span in spans]


@pytest.mark.parametrize("order", ORDERS)
def test_their_spans_are_what_they_are_without_us(set_up, order):
    name, alone, beside = set_up
    said, *_ = beside[order]

    assert _theirs(said["seen"], name) == alone["seen"]
    assert name == "unsampled" or alone["seen"]


@pytest.mark.parametrize("order", ORDERS)
def test_they_get_ours_only_where_that_is_switched_on_and_without_content(set_up, order):
    name, _, beside = set_up
    ours = [span for span in beside[order][0]["seen"] if _is_ours(span)]

    expected = FORWARDED if name in TAKE_OURS and order != "apart" else []
    assert sorted(span["name"] for span in ours) == sorted(expected)
    assert "PROMPT-7" not in json.dumps(ours)


@pytest.mark.parametrize("order", ORDERS)
def test_each_call_counts_once_until_shutdown_and_again_after_init(set_up, order):
    _, _, beside = set_up
    _, calls, books = beside[order]
    counted = [books[key] for key in ("sim-app", "sim-async")]

    ours = [call for call in calls if call["agent"] == "researcher"]
    assert recorded(ours) == {key: sum(booked(book)[key] for book in counted) for key in booked(counted[0])}
    assert recorded([c for c in calls if c["agent"] == "again"]) == booked(books["sim-again"])
    assert len(calls) == 4


@pytest.mark.parametrize("order", ORDERS)
def test_a_seeded_program_draws_the_same_numbers(set_up, order):
    _, alone, beside = set_up

    assert beside[order][0]["random"] == alone["random"]
