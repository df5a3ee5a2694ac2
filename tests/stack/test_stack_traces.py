"""The trace of a run, as it arrived behind the Collector."""

import sqlite3
from contextlib import closing

import pytest
from eventually import eventually
from inline_snapshot import snapshot

from otlp import tree

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
DEMO = "agentgauge-demo"


@pytest.fixture(scope="module")
def stored(reports, demo_store):
    """{span id: parent's} of all that the SDK recorded."""
    with closing(sqlite3.connect(demo_store)) as db:
        rows = db.execute(
            "SELECT span_id, parent_span_id FROM calls UNION SELECT span_id, parent_span_id FROM scopes"
        )
        return {span: parent or "" for span, parent in rows}


@pytest.fixture(scope="module")
def spans(kept, stored):
    return eventually(lambda: (found := kept.spans(DEMO)) and len(found) >= len(stored) and found)


def test_every_span_arrived_once_with_its_parent(spans, stored):
    assert len(spans) == len(stored)
    assert {span["id"]: span["parent"] for span in spans} == stored


def test_one_run_is_one_tree_named_as_the_contract_says(spans):
    first = [span for span in spans if span["trace"] == spans[0]["trace"]]

    assert tree(first) == snapshot("""\
invoke_workflow market-report [INTERNAL]
  step plan [INTERNAL]
    invoke_agent planner [INTERNAL]
      chat gpt-4.1 [CLIENT]
  step research [INTERNAL]
    invoke_agent researcher [INTERNAL]
      chat gpt-4o-mini [CLIENT]
      execute_tool search [INTERNAL]
      execute_tool fetch [INTERNAL] ERROR
      chat gpt-4o-mini [CLIENT]
      execute_tool percent_change [INTERNAL]
      chat gpt-4o-mini [CLIENT]
      chat gpt-4.1-nano [CLIENT]
      embeddings text-embedding-3-small [CLIENT]
    invoke_agent researcher [INTERNAL]
      chat gpt-4o-mini [CLIENT]
      execute_tool search [INTERNAL]
      chat gpt-4o-mini [CLIENT]
      chat gpt-4.1-nano [CLIENT]
      embeddings text-embedding-3-small [CLIENT]
  step write [INTERNAL]
    invoke_agent writer [INTERNAL]
      chat gpt-4o [CLIENT]
      chat gpt-4o [CLIENT]
      chat gpt-4o [CLIENT]
    invoke_agent planner [INTERNAL]
      chat gpt-4.1 [CLIENT]
""")


def test_calls_carry_their_numbers_and_scopes_none(spans):
    kinds = {span["kind"]: set() for span in spans}
    for span in spans:
        kinds[span["kind"]].add("gen_ai.usage.input_tokens" in span["attributes"])

    assert kinds == {"CLIENT": {True}, "INTERNAL": {False}}
