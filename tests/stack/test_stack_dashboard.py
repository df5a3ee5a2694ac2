"""Every query of the dashboard, run on the real Prometheus after two runs of the demo, returns data."""

import json
import math
import re
import time

import pytest
from eventually import eventually
from judge import told

from agentgauge.stack.shipped import shipped

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
DASHBOARD = json.loads(shipped("dashboards/agentgauge.json").read_text())
DEMO = "agentgauge-demo"
WINDOW_S, STEP_S = 600, 10
BUILT_IN = {"__range": "10m", "__rate_interval": "1m", "__interval": "10s"}


def _panels(parts):
    for panel in parts:
        yield panel
        yield from _panels(panel.get("panels", []))


QUERIES = [
    pytest.param(target, id=f"{panel['title']}-{target['refId']}")
    for panel in _panels(DASHBOARD["panels"])
    for target in panel.get("targets", [])
]
VARIABLES = [one for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]


def filled_in(expression):
    """With all values of every variable chosen, as the dashboard opens."""
    chosen = BUILT_IN | {one["name"]: one["allValue"] for one in VARIABLES}
    return re.sub(r"\$\{?(\w+)\}?", lambda found: chosen[found[1]], expression)


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


def test_the_dashboard_has_queries():
    assert len(QUERIES) > 20


@pytest.mark.parametrize("target", QUERIES)
def test_a_query_returns_data(stack, reports, target):
    eventually(lambda: samples(stack, target))


def shown(stack, title):
    """The one number of a stat panel, with the demo's service chosen."""
    (panel,) = [one for one in _panels(DASHBOARD["panels"]) if one["title"] == title]
    query = filled_in(panel["targets"][0]["expr"]).replace('service_name=~".*"', f'service_name="{DEMO}"')
    assert DEMO in query
    ((_, value),) = stack.query(query)
    return value


def test_what_is_shown_of_the_chosen_time_is_what_the_server_told(stack, reports):
    right = told(reports)
    tokens = right["total", "", "input_tokens"] + right["total", "", "output_tokens"]

    eventually(lambda: round(10**9 * shown(stack, "Cost")), right["total", "", "cost_nanousd"])
    eventually(lambda: shown(stack, "Tokens"), tokens)
    eventually(lambda: shown(stack, "Calls"), sum(report["totals"]["calls"] for report in reports))


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable["name"])
def test_a_variable_has_values(stack, reports, variable):
    selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"]).groups()

    eventually(lambda: stack.prometheus(f"label/{label}/values", **{"match[]": filled_in(selector)}))
