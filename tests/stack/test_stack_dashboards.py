"""Every query of every dashboard, run on the real Prometheus after a load, returns data."""

import math
import re
import time

import pytest
from board_queries import BOARDS, NAMES, VARIABLES, filled_in
from eventually import eventually

from board_parts import prometheus_targets

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
WINDOW_S, STEP_S = 600, 10
RECORDED_WITHIN_S = 300
"""Rules look back a minute, and some are evaluated every two."""
NO_OUTBOX = "no program tells the state of its outbox as a metric yet"
NO_BUDGET = "thresholds.yaml sets no budget"
TOO_YOUNG = "it compares with the day before"
NO_OVERFLOW = "the Collector writes it when the first value overflows"
BUDGETS = ("Budget burn fast", "Budget burn slow", "Budget spent", "Budget forecast")
WITHOUT_DATA = {
    "spend-Budget burn-A": NO_BUDGET,
    **{f"spend-{title}-{query}": NO_BUDGET for title in BUDGETS for query in ("A", "threshold")},
    **{f"tools-Tool call spike-{query}": TOO_YOUNG for query in ("A", "threshold")},
    **{f"pipeline-Outbox age-{query}": NO_OUTBOX for query in ("A", "threshold")},
    **{f"pipeline-Overflow-{query}": NO_OVERFLOW for query in ("A", "threshold")},
    "pipeline-Waiting spans-A": NO_OUTBOX,
    "pipeline-Longest wait-A": NO_OUTBOX,
    "pipeline-Dropped spans-A": NO_OUTBOX,
}
NOT_AT_ONCE = (
    *("month_spend", "cost_forecast", "budget_burn", "budget_burn_fast", "budget_burn_slow", "budget_spent"),
    *("budget_forecast", "tool_call_spike", "unused_tool", "telemetry_loss", "outbox_age", "series_overflow"),
    "telemetry_stopped",
)
"""Indicators of faults that a sound stack lacks, of budgets, and of what is recorded once a minute."""
QUERIES = {
    f"{name}-{panel['title']}-{target['refId']}": target
    for name, board in BOARDS.items()
    for panel, target in prometheus_targets(board)
}


def samples(stack, target):
    """All numbers that a query gives, NaN left out."""
    query, now = filled_in(target["expr"]), time.time()
    if target["instant"]:
        values = [value for _, value in stack.query(query)]
    else:
        asked = {"query": query, "start": now - WINDOW_S, "end": now, "step": STEP_S}
        found = stack.prometheus("query_range", **asked)["result"]
        values = [float(value) for series in found for _, value in series["values"]]
    return [value for value in values if not math.isnan(value)]


def at_once(key):
    return not any(f'indicator="{name}"' in QUERIES[key]["expr"] for name in NOT_AT_ONCE)


def test_there_are_queries():
    assert len(QUERIES) > 100


@pytest.mark.parametrize("query", [key for key in QUERIES if key not in WITHOUT_DATA and at_once(key)])
def test_a_query_returns_data(stack, load, query):
    recorded = "agentgauge:" in QUERIES[query]["expr"]

    eventually(lambda: samples(stack, QUERIES[query]), within_s=RECORDED_WITHIN_S if recorded else 30)


@pytest.mark.parametrize("query", WITHOUT_DATA)
def test_what_is_said_to_have_no_data_has_none(stack, load, query):
    assert samples(stack, QUERIES[query]) == []


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_has_values(stack, load, name):
    selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", VARIABLES[name]["definition"]).groups()

    eventually(lambda: stack.prometheus(f"label/{label}/values", **{"match[]": filled_in(selector)}))


@pytest.mark.parametrize("name", NAMES)
def test_annotations_can_be_asked_for(stack, name):
    (query,) = [one["target"]["expr"] for one in BOARDS[name]["annotations"]["list"] if "target" in one]

    stack.prometheus("query", query=filled_in(query))
