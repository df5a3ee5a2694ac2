"""Situations whose every recorded number is known: from counters that rise unevenly, by plain arithmetic.

In the shop `planner` changed its ways half an hour ago, `critic` has counters that began again at 0, and
`asleep` makes no calls. At the desk there is only `lone`: few calls, and no cost, retries or tools.
"""

from __future__ import annotations

from budget_cases import AGENT as BUDGETED_AGENT
from budget_cases import SERVICE as BUDGETED_SERVICE
from courses import Course, grown, per_second
from scenario import series
from values import Asked, Situation, labelled

from agentgauge.generate import promql
from agentgauge.registry import TOOL_PARTS

HOUR_S, DAY_S = 3600, 86_400
WINDOWS = {"5m": 300, "10m": 600, "15m": 900, "30m": 1800, "1h": HOUR_S, "6h": 6 * HOUR_S, "24h": DAY_S}
STEP_S, BEFORE, NOW = 300, 306, 7
AT_S = 26 * HOUR_S
RESETS = (150, 310)

CALLS, RETRIES, COST = "agentgauge_calls_total", "agentgauge_retries_total", "agentgauge_cost_usd_total"
WASTED, UNPRICED = "agentgauge_wasted_cost_usd_total", "agentgauge_unpriced_tokens_total"
INPUT, OUTPUT = (f"gen_ai_client_inference_usage_{part}_tokens_total" for part in ("input", "output"))
TOOL_TOKENS, TOOL_CALLS = "agentgauge_tool_tokens_total", "agentgauge_tool_calls_total"
OFFERS = "agentgauge_tool_offers_total"
SOURCE, PART, TOOL = "agentgauge_usage_source", "agentgauge_tool_part", "gen_ai_tool_name"
AGENT = "gen_ai_agent_name"


def who(agent, service="shop"):
    return {"service_name": service, "deployment_environment_name": "prod", AGENT: agent}


def course(whose, metric, before, now, *, resets=(), **labels):
    rises = (before,) * BEFORE + (now,) * NOW
    return Course(metric=metric, labels=whose | labels, rises=rises, step_s=STEP_S, resets=resets)


def call(whose, before, now, *, tools="false", outcome="ok", source="provider", resets=()):
    marks = {"agentgauge_has_tools": tools, "agentgauge_outcome": outcome, SOURCE: source}
    return course(whose, CALLS, before, now, resets=resets, **marks)


PLANNER, CRITIC, ASLEEP, LONE = who("planner"), who("critic"), who("asleep"), who("lone", "desk")
FLEET = (
    call(PLANNER, 2, 6, tools="true"),
    call(PLANNER, 5, 1),
    call(PLANNER, 1, 2, outcome="error", source="none"),
    call(PLANNER, 2, 1, source="estimated"),
    course(PLANNER, INPUT, 600, 400, **{SOURCE: "provider"}),
    course(PLANNER, INPUT, 100, 300, **{SOURCE: "mixed"}),
    course(PLANNER, OUTPUT, 250, 100, **{SOURCE: "provider"}),
    course(PLANNER, OUTPUT, 50, 200, **{SOURCE: "estimated"}),
    course(PLANNER, COST, 0.02, 0.03, agentgauge_token_type="input"),
    course(PLANNER, COST, 0.03, 0.07, agentgauge_token_type="output"),
    course(PLANNER, WASTED, 0.005, 0.03),
    course(PLANNER, RETRIES, 3, 15),
    course(PLANNER, UNPRICED, 20, 100),
    *(
        course(PLANNER, TOOL_TOKENS, before, 2 * before + 10, **{PART: part, TOOL: "search"})
        for part, before in zip(TOOL_PARTS, (100, 50, 25, 40, 7), strict=True)
    ),
    course(PLANNER, TOOL_CALLS, 5, 20, **{TOOL: "search"}),
    course(PLANNER, OFFERS, 8, 8, **{TOOL: "search"}),
    course(PLANNER, OFFERS, 10, 10, **{TOOL: "refund"}),
    course(PLANNER, OFFERS, 3, 3, **{TOOL: "audit"}),
    course(PLANNER, TOOL_CALLS, 0, 0, **{TOOL: "audit"}),
    call(CRITIC, 10, 10, resets=RESETS),
    course(CRITIC, INPUT, 1000, 3000, resets=RESETS, **{SOURCE: "provider"}),
    course(CRITIC, COST, 0.05, 0.2, resets=RESETS, agentgauge_token_type="input"),
    course(CRITIC, TOOL_CALLS, 1, 1, resets=RESETS, **{TOOL: "lookup"}),
    call(ASLEEP, 0, 0),
    course(ASLEEP, INPUT, 0, 0, **{SOURCE: "provider"}),
    course(ASLEEP, COST, 0, 0, agentgauge_token_type="input"),
    call(LONE, 0.25, 0.25),
    course(LONE, INPUT, 10, 10, **{SOURCE: "provider"}),
)


def _of(*metrics, **among):
    """A condition on a course: its metric, and labels that are one of some."""
    return lambda found: found.metric in metrics and all(found.labels[k] in v for k, v in among.items())


TOKENS = _of(INPUT, OUTPUT)
SHARES = {  # indicator: what is counted, out of what
    "tool_overhead_ratio": (
        _of(TOOL_TOKENS, **{PART: ("definition", "new_result", "carried_result")}),
        TOKENS,
    ),
    "tool_usage_ratio": (_of(CALLS, agentgauge_has_tools=("true",)), _of(CALLS)),
    "wasted_ratio": (_of(WASTED), _of(COST)),
    "retry_ratio": (_of(RETRIES), _of(CALLS)),
    "error_ratio": (_of(CALLS, agentgauge_outcome=("error",)), _of(CALLS)),
    "estimated_ratio": (_of(INPUT, OUTPUT, **{SOURCE: ("estimated", "mixed")}), TOKENS),
    "missing_ratio": (_of(CALLS, **{SOURCE: ("none",)}), _of(CALLS)),
    "unpriced_ratio": (_of(UNPRICED), TOKENS),
    "agent_token_share": (TOKENS, TOKENS),
    "agent_cost_share": (_of(COST), _of(COST)),
}
OF_SERVICES = {"agent_token_share", "agent_cost_share"}


def _ratios(name, window, at_s=AT_S):
    counted, out_of = SHARES[name]
    found = {}
    for whose in (PLANNER, CRITIC, ASLEEP, LONE):
        own = [each for each in FLEET if whose.items() <= each.labels.items()]
        service = [each for each in FLEET if each.labels["service_name"] == whose["service_name"]]
        base = list(filter(out_of, service if name in OF_SERVICES else own))
        whole = grown(base, WINDOWS[window], at_s=at_s)
        if whole and any(map(out_of, own)):  # who has no traffic has no ratio
            found[labelled(whose)] = grown(filter(counted, own), WINDOWS[window], at_s=at_s) / whole
    return found


def _hourly(window):
    found = {}
    for each in filter(_of(COST), FLEET):
        key = labelled({name: each.labels[name] for name in PLANNER})
        rate = per_second([each], WINDOWS[window], at_s=AT_S)
        found[key] = found.get(key, 0) + rate * HOUR_S
    return found


def _per_call(window, at_s=AT_S):
    found = {}
    for each in filter(_of(TOOL_CALLS), FLEET):
        own = [
            other for other in FLEET if other.metric == CALLS and other.labels[AGENT] == each.labels[AGENT]
        ]
        ratio = grown([each], WINDOWS[window], at_s=at_s) / grown(own, WINDOWS[window], at_s=at_s)
        found[labelled(each.labels)] = ratio
    return found


SEARCH = labelled(PLANNER | {TOOL: "search"})
_TEN_MINUTES_BEFORE = _per_call("24h", AT_S - 600)
UNUSED = {
    labelled(PLANNER | {TOOL: tool}): float(DAY_S // STEP_S * rise)
    for tool, rise in (("refund", 10), ("audit", 3))
}


def asked(name, window, samples):
    return Asked(record=promql.recorded(window), indicator=name, samples=samples)


SERIES = {
    key: text for each in FLEET for key, text in series(each.metric, each.values, **each.labels).items()
}
DAY = Situation(
    name="26 hours of a fleet",
    series=SERIES,
    step="5m",
    every="1h",
    at="26h",
    asked=[
        *(
            asked(name, window, _ratios(name, window or "15m"))
            for name in SHARES
            for window in ("", "1h", "24h")
        ),
        asked("cost_rate", "", _hourly("1h")),
        *(asked("cost_rate", window, _hourly(window)) for window in ("6h", "24h")),
        asked("tool_calls_per_call", "", _per_call("10m")),
        asked("tool_calls_per_call", "24h", _per_call("24h")),
        asked("unused_tool", "", UNUSED),
    ],
)
# `lookup` is called twice in ten minutes, which is too little to speak of a spike.
SPIKE = Situation(
    name="a tool that is called more often than ten minutes ago",
    series=SERIES,
    step="5m",
    every="10m",
    at="26h",
    asked=[
        asked("tool_calls_per_call", "", _per_call("10m")),
        asked("tool_call_spike", "", {SEARCH: _per_call("10m")[SEARCH] / _TEN_MINUTES_BEFORE[SEARCH]}),
    ],
)

# Seven hours by the minute: the last 40 minutes cost more. The budgets are those of the alerts' cases.
MINUTES, DEARER, END_S = 420, 40, 7 * HOUR_S
MONTH_S, WEEK_S = 31 * DAY_S, 7 * DAY_S
USD = {"shop": 600, "planner": 300}
LEFT_S = MONTH_S - END_S + 60


def _spent(agent, metric, before, now, **labels):
    rises = (before,) * (MINUTES - DEARER) + (now,) * DEARER
    return Course(metric=metric, labels=who(agent) | labels, rises=rises, step_s=60)


RATES = {"planner": (0.05, 0.4), "critic": (0.01, 0.02)}
COSTS = {agent: _spent(agent, COST, *rates, agentgauge_token_type="input") for agent, rates in RATES.items()}
SPENT = {
    agent: _spent(agent, "agentgauge_spend_usd_total", *rates, agentgauge_period="197001")
    for agent, rates in RATES.items()
}
LAST_MONTH = series("agentgauge_spend_usd_total", "900x420", **PLANNER, agentgauge_period="196912")
SO_FAR = {agent: grown([each], END_S, at_s=END_S) for agent, each in SPENT.items()}
FORECAST = {agent: usd + usd / WEEK_S * LEFT_S for agent, usd in SO_FAR.items()}


def _of_agents(values):
    return {labelled(who(agent)): value for agent, value in values.items()}


def _of_budgets(values):
    """Of the service over its budget, and of the one agent that has a budget of its own over that."""
    return {
        labelled(BUDGETED_SERVICE): sum(values.values()) / USD["shop"],
        labelled(BUDGETED_AGENT): values["planner"] / USD["planner"],
    }


def _burn(window):
    rates = {agent: per_second([each], WINDOWS[window], at_s=END_S) for agent, each in COSTS.items()}
    return _of_budgets({agent: rate * MONTH_S for agent, rate in rates.items()})


def _smaller(first, second):
    return {labels: min(value, _burn(second)[labels]) for labels, value in _burn(first).items()}


MORNING = Situation(
    name="seven hours of the first day of a month",
    series=LAST_MONTH
    | {
        key: text
        for each in (*COSTS.values(), *SPENT.values())
        for key, text in series(each.metric, each.values, **each.labels).items()
    },
    step="1m",
    every="1h",
    at="7h",
    asked=[
        asked("month_spend", "", _of_agents(SO_FAR)),
        asked("cost_forecast", "", _of_agents(FORECAST)),
        asked("budget_burn", "", _burn("1h")),
        *(asked("budget_burn", window, _burn(window)) for window in ("5m", "30m", "1h", "6h")),
        asked("budget_burn_fast", "", _smaller("1h", "5m")),
        asked("budget_burn_slow", "", _smaller("6h", "30m")),
        asked("budget_spent", "", _of_budgets(SO_FAR)),
        asked("budget_forecast", "", _of_budgets(FORECAST)),
        asked(
            "cost_rate",
            "5m",
            _of_agents(
                {agent: per_second([each], 300, at_s=END_S) * HOUR_S for agent, each in COSTS.items()}
            ),
        ),
    ],
)

QUEUE = {"exporter": "a", "data_type": "traces"}
ILL = Situation(
    name="a pipeline that is ill",
    series=series("otelcol_receiver_refused_spans", "0x4 7x11", receiver="otlp")
    | series("otelcol_exporter_send_failed_spans", "_x4 3x11", exporter="a")
    | series("otelcol_exporter_queue_size", "90x15", **QUEUE)
    | series("otelcol_exporter_queue_capacity", "100x15", **QUEUE)
    | series("agentgauge_outbox_age_seconds", "660x15", service_name="shop", instance="one")
    | series("agentgauge_outbox_age_seconds", "30x15", service_name="shop", instance="two")
    | series("otelcol_usage_overflow_values", "_x4 5x11", metric="agentgauge.calls")
    | series("otelcol_usage_heartbeat", "80x15", instance="c:1"),
    step="1m",
    every="1m",
    at="12m",
    asked=[
        asked(
            "telemetry_loss",
            "",
            {labelled({"reason": "refused spans"}): 7.0, labelled({"reason": "spans not sent"}): 3.0},
        ),
        asked("telemetry_backlog", "", {labelled({"queue": "a traces"}): 0.9}),
        asked("outbox_age", "", {labelled({"service_name": "shop"}): 660.0}),
        asked("series_overflow", "", {labelled({"metric": "agentgauge.calls"}): 5.0}),
        asked("telemetry_stopped", "", {labelled({"instance": "c:1"}): 1.0}),
        asked("watchdog", "", {(): 1.0}),
    ],
)
SILENCE = Situation(
    name="no data at all",
    series={},
    step="1m",
    every="1m",
    at="12m",
    asked=[
        *(
            asked(name, "", {})
            for name in (*SHARES, "cost_rate", "month_spend", "budget_burn", "unused_tool")
        ),
        *(asked(name, "", {}) for name in ("telemetry_loss", "telemetry_backlog", "outbox_age")),
        asked("telemetry_stopped", "", {(): 1.0}),
    ],
)
SITUATIONS = (DAY, SPIKE, MORNING, ILL, SILENCE)
