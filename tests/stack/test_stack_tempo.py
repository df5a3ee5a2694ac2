"""The trace leg with a real Tempo, where there is one; elsewhere a second Collector stands in for it."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from urllib.parse import urlencode

import pytest
from board_queries import BOARDS
from eventually import eventually
from local_stack import LocalStack, fetch

from board_parts import panels

ASKED = {
    "service": ".*",
    "agent": ".*",
    "tool": ".*",
    "where": "true",
    "min_cost": "0",
    "min_duration": "1ms",
}
TRACEQL = {
    panel["title"]: re.sub(r"\$(\w+)", lambda found: ASKED[found[1]], target["query"])
    for panel in panels(BOARDS["traces"])
    for target in panel.get("targets", [])
    if target.get("query", "").startswith("{")
}
pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]


def test_tempo_returns_every_span_of_a_run(binaries, tmp_path):
    if binaries.get("tempo") is None:
        pytest.skip("no tempo: AGENTGAUGE_TEMPO names none and there is none on the PATH")
    stack, store = LocalStack(tmp_path), tmp_path / "store.sqlite"
    stack.up("--ports", "auto", timeout_s=300)
    try:
        stack.demo(store, seed=7)
        with closing(sqlite3.connect(store)) as db:
            ((trace,),) = db.execute("SELECT DISTINCT trace_id FROM scopes")
            ((expected,),) = db.execute("SELECT (SELECT count(*) FROM scopes) + (SELECT count(*) FROM calls)")

        spans = eventually(lambda: len(found := _spans(stack, trace)) >= expected and found, within_s=60)

        names = Counter(span["name"] for span in spans)
        assert len(spans) == expected
        assert names["invoke_workflow market-report"] == 1
        assert names["invoke_agent researcher"] == 2
        assert names["chat gpt-4o"] == 3
        for title, query in TRACEQL.items():
            assert eventually(lambda query=query: _search(stack, query), within_s=60), title
    finally:
        stack.run("down", timeout_s=200)


def _spans(stack, trace):
    try:
        found = fetch(f"{stack.url('tempo')}/api/v2/traces/{trace}")["trace"]
    except OSError:  # 404 until it has arrived
        return []
    return [
        span for group in found["resourceSpans"] for scope in group["scopeSpans"] for span in scope["spans"]
    ]


def _search(stack, query):
    """The traces that a query of the dashboards finds."""
    return fetch(f"{stack.url('tempo')}/api/search?{urlencode({'q': query})}").get("traces")
