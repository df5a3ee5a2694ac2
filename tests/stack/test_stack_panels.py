"""The numbers in the panels are the reports', which are judged by the simulated server's books elsewhere."""

import time
from calendar import monthrange
from datetime import UTC, datetime

import pytest
import week_ago
from board_load import SERVICE
from board_queries import DEMO, RECORDED_WITHIN_S, filled_in, shown, targets_of
from eventually import eventually
from judge import TOOL_PARTS, tools_told

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
AGENT, MODEL, TOOL = "gen_ai_agent_name", "gen_ai_request_model", "gen_ai_tool_name"


def nanousd(found):
    return {key: round(10**9 * value) for key, value in found.items()}


def summed(reports, kind, name, field):
    """{name: sum over the runs} of a part of the reports."""
    sums = {}
    for report in reports:
        for row in report[kind]:
            sums[(row[name],)] = sums.get((row[name],), 0) + (row[field] or 0)
    return {key: value for key, value in sums.items() if value}


@pytest.mark.parametrize("title", ["Today", "This month", "In range"])
def test_totals_of_cost_are_the_reports(stack, reports, title):
    right = sum(report["totals"]["cost_nanousd"] for report in reports)

    eventually(lambda: nanousd(shown(stack, "spend", title)), {(): right})


@pytest.mark.parametrize(
    ("title", "kind", "name", "label"),
    [
        ("Cost by agent", "agents", "agent", AGENT),
        ("Cost by model", "models", "model", MODEL),
        ("Cost by role", "roles", "role", "agentgauge_agent_role"),
    ],
)
def test_bars_of_cost_are_the_reports(stack, reports, title, kind, name, label):
    right = summed(reports, kind, name, "cost_nanousd")

    eventually(lambda: nanousd(shown(stack, "spend", title, by=[label])), right)


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("Input", "input_tokens"),
        ("Cached", "cache_read_tokens"),
        ("Output", "output_tokens"),
        ("Reasoning", "reasoning_tokens"),
        ("Wasted", "wasted_tokens"),
    ],
)
def test_tokens_by_agent_are_the_reports(stack, reports, column, field):
    right = summed(reports, "agents", "agent", field)

    eventually(lambda: shown(stack, "agents", "Tokens by agent", by=[AGENT], column=column), right)


def test_budgets_are_shown_with_what_the_reports_say_was_spent(stack, reports, budgets):
    title, by = "Budgets of this month", ["service_name", AGENT]
    agents = summed(reports, "agents", "agent", "cost_nanousd")
    whole = sum(report["totals"]["cost_nanousd"] for report in reports)
    spent = {
        ("agentgauge-demo", "all agents"): whole,
        ("agentgauge-demo", "researcher"): agents[("researcher",)],
    }

    eventually(
        lambda: nanousd(shown(stack, "spend", title, by=by, column="Spent")),
        spent,
        within_s=RECORDED_WITHIN_S,
    )

    assert shown(stack, "spend", title, by=by, column="Budget") == budgets
    used = shown(stack, "spend", title, by=by, column="Used")
    assert used == {whom: pytest.approx(spent[whom] / 10**9 / budgets[whom]) for whom in budgets}
    for column in ("At month's end", "Burn"):
        more = eventually(
            lambda name=column: shown(stack, "spend", title, by=by, column=name), within_s=RECORDED_WITHIN_S
        )
        assert set(more) == set(budgets)


def test_tokens_by_kind_add_up_to_all_tokens(stack, reports):
    right = sum(report["totals"]["total_tokens"] for report in reports)
    _, parts = targets_of("agents", "Tokens by kind")

    def total():
        return sum(value for one in parts for _, value in stack.query(filled_in(one["expr"], service=DEMO)))

    eventually(total, right)


@pytest.mark.parametrize("column", ["Calls", "Retries"])
def test_calls_and_retries_by_agent_are_the_reports(stack, reports, column):
    right = summed(reports, "agents", "agent", column.lower())

    eventually(lambda: shown(stack, "agents", "All agents", by=[AGENT], column=column), right)


def test_cost_of_tools_is_the_reports(stack, reports):
    right = {(tool,): value for (tool, what), value in tools_told(reports).items() if what == "cost_nanousd"}

    eventually(lambda: nanousd(shown(stack, "spend", "Cost by tool", by=[TOOL])), right)


@pytest.mark.parametrize(
    ("column", "what"),
    [
        *zip(("Definition", "New result", "Carried result", "Call", "Carried call"), TOOL_PARTS, strict=True),
        ("Offered", "offers"),
        ("Called", "calls"),
    ],
)
def test_the_table_of_tools_is_the_reports(stack, reports, column, what):
    right = {(tool,): value for (tool, found), value in tools_told(reports).items() if found == what}

    eventually(lambda: shown(stack, "tools", "Agents and their tools", by=[TOOL], column=column), right)


def test_a_tool_that_is_never_called_is_shown_with_what_its_definitions_cost(stack, load):
    title = "Offered and never called"

    found = eventually(
        lambda: shown(stack, "tools", title, by=[AGENT, TOOL], column="Cost of definitions", service=SERVICE)
    )
    assert nanousd(found) == {("planner", "unused"): 100}


@pytest.mark.parametrize("agent", week_ago.AGENTS)
def test_a_panel_over_an_hour_is_within_a_percent_of_what_was_spent(stack, backfilled, agent):
    points = dict(backfilled[agent])
    begin = min(points) + 600
    end = begin + 3600
    _, (target,) = targets_of("spend", "Cost per hour by agent")
    query = filled_in(target["expr"], service=week_ago.SERVICE, agent=agent)

    (series,) = stack.prometheus("query_range", query=query, start=begin, end=end, step=15)["result"]

    values = [float(value) for _, value in series["values"]]
    spent = points[end] - points[begin]
    assert spent > 0.5
    assert sum(values) / len(values) == pytest.approx(spent, rel=0.01)


def test_a_sum_over_an_hour_is_exact(stack, backfilled):
    """As the bars of an hour that ended a week ago show it."""
    _, (target,) = targets_of("spend", "Cost by agent")
    query = filled_in(target["expr"], service=week_ago.SERVICE, __range="1h")
    begin = min(at for at, _ in backfilled["planner"]) + 600

    found = stack.prometheus("query", query=query, time=begin + 3600)["result"]

    for one in found:
        points = dict(backfilled[one["metric"][AGENT]])
        assert float(one["value"][1]) == pytest.approx(points[begin + 3600] - points[begin + 15], abs=1e-9)
    assert len(found) == len(week_ago.AGENTS)


def test_who_spent_a_week_ago_and_nothing_now_is_down_by_all_of_it(stack, backfilled):
    assert shown(stack, "spend", "Last week", service=week_ago.SERVICE) == {(): -1}


def test_the_forecast_does_not_wait_for_the_months_first_spending(stack, backfilled):
    """What a service cost since a week ago goes on, though it has spent nothing that this month counts."""
    now = datetime.now(UTC)
    end = datetime(now.year, now.month, monthrange(now.year, now.month)[1], tzinfo=UTC).timestamp() + 86400
    since = time.time() - week_ago.WEEK_S
    spent = sum(
        points[-1][1] - next(value for at, value in points if at >= since) for points in backfilled.values()
    )

    (found,) = shown(stack, "spend", "Forecast", service=week_ago.SERVICE).values()

    assert found == pytest.approx(spent / week_ago.WEEK_S * (end - time.time()), rel=0.05)
