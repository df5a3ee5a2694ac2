"""Every query of every dashboard, run on the real Prometheus after a load, returns data."""

import math
import re
import time

import pytest
from board_queries import BOARDS, NAMES, RECORDED_WITHIN_S, SOMETIMES, VARIABLES, WITHOUT_DATA, filled_in
from eventually import eventually

from board_parts import prometheus_targets

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
WINDOW_S, STEP_S = 600, 10
QUERIES = {
    f"{name}-{panel['title']}-{target['refId']}": target
    for name, board in BOARDS.items()
    for panel, target in prometheus_targets(board)
}


def of_panels(named):
    """The queries of these panels."""
    return [key for key in QUERIES if any(key.startswith(f"{name}-{title}-") for name, title in named)]


EMPTY = of_panels(WITHOUT_DATA)
FULL = [key for key in QUERIES if key not in of_panels(WITHOUT_DATA | SOMETIMES)]


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


def test_there_are_queries():
    assert len(QUERIES) > 100


@pytest.mark.parametrize("query", FULL)
def test_a_query_returns_data(stack, load, budgets, query):
    recorded = "agentgauge:" in QUERIES[query]["expr"]

    eventually(lambda: samples(stack, QUERIES[query]), within_s=RECORDED_WITHIN_S if recorded else 30)


@pytest.mark.parametrize("query", EMPTY)
def test_what_is_said_to_have_no_data_has_none(stack, load, query):
    assert samples(stack, QUERIES[query]) == []


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_has_values(stack, load, name):
    selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", VARIABLES[name]["definition"]).groups()

    eventually(lambda: stack.prometheus(f"label/{label}/values", **{"match[]": filled_in(selector)}))


def test_every_panel_that_is_said_to_have_no_data_exists():
    named = WITHOUT_DATA | SOMETIMES

    assert {key.rsplit("-", 1)[0] for key in of_panels(named)} == {"-".join(one) for one in named}


@pytest.mark.parametrize("name", NAMES)
def test_annotations_show_an_alert_that_fires(stack, budgets, name):
    (asked,) = [one["target"] for one in BOARDS[name]["annotations"]["list"] if "target" in one]

    def marked():
        now = time.time()
        range_ = {"start": now - WINDOW_S, "end": now, "step": asked["interval"]}
        found = stack.prometheus("query_range", query=filled_in(asked["expr"]), **range_)["result"]
        return {(one["metric"]["alertname"], one["metric"].get("service_name")) for one in found}

    eventually(lambda: ("BudgetSpent", "agentgauge-demo") in marked(), within_s=RECORDED_WITHIN_S)
    assert "Watchdog" not in {alert for alert, _ in marked()}
