"""Spend: who spends what, on which tools, and what will run over."""

from __future__ import annotations

from agentgauge.generate import panels as p
from agentgauge.generate import queries as q
from agentgauge.generate import uids
from agentgauge.generate.boards.budgets import budgets
from agentgauge.generate.boards.frame import THIS_CELL, THIS_SERIES, board, to
from agentgauge.generate.boards.layout import Line, Section
from agentgauge.generate.boards.watched import others, watched
from agentgauge.generate.grafana.panel import AlertList
from agentgauge.generate.panels import Column, Query
from agentgauge.registry import COST, TOKENS
from agentgauge.registry_records import AGENT_LABEL

_AGENT_LINKS = (
    to(uids.AGENTS, "This agent", agent=THIS_SERIES, focus=THIS_SERIES),
    to(uids.TRACES, "Its traces", agent=THIS_SERIES),
)
_TOOL_LINKS = (to(uids.TOOLS, "This tool", tool=THIS_SERIES),)
_NO_PRICE = "no priced call in the chosen time"
_RUNNING_OVER = "Alerts of the chosen services that are pending or fire: thresholds passed, budgets burning."


def spend() -> str:
    """The dashboard `Spend`."""
    return board(
        uids.SPEND,
        "agentgauge: spend",
        "Who spends what, on which tools, and what will run over.",
        (
            Section(lines=(_totals(), _first_look(), _over_time())),
            Section(title="Budgets", lines=(budgets(),)),
            Section(title="Who", lines=(_who(),)),
            Section(title="How sure these numbers are", lines=_sure()),
            *others(uids.SPEND, folded=True),
        ),
        choices=("service", "environment", "agent", "role", "model", "tool"),
    )


def _totals() -> Line:
    return Line(
        height=4,
        panels=(
            p.stat(
                "Per hour",
                "USD per hour at the rate of the last 15 minutes.",
                p.USD,
                q.per_hour(COST, window=q.NOW),
            ),
            p.stat("Today", "USD since midnight.", p.USD, q.used(COST), time_from="now/d"),
            p.stat(
                "This month",
                "USD of the calendar month (UTC), whatever the role and model.",
                p.USD,
                q.month_to_date(),
            ),
            p.stat(
                "Forecast",
                "USD at the month's end (UTC) if the coming days cost what the last seven did; too low while "
                "there are fewer days than that.",
                p.USD,
                q.forecast(),
            ),
            p.stat("In range", "USD of priced calls in the chosen time.", p.USD, q.used(COST)),
            p.stat(
                "Last week",
                "Cost of the chosen time against the same time seven days before.",
                p.RATIO,
                q.week_change(COST),
                steps=((None, "text"), (0.2, "orange"), (0.5, "red")),
                none="no week ago",
            ),
            p.stat(
                "Unpriced",
                "Tokens of calls that have no known price, of all tokens: they cost something, but are not "
                "in any number of USD here.",
                p.RATIO,
                q.ratio_used(q.UNPRICED, TOKENS),
                steps=p.bad_from(0.000001, 0.1),
            ),
            p.stat(
                "Estimated",
                "Tokens that were counted here, all or in part, since the server did not say; of all tokens.",
                p.RATIO,
                q.ratio_used(q.ESTIMATED, TOKENS),
                steps=p.bad_from(0.2),
            ),
        ),
    )


def _first_look() -> Line:
    return Line(
        height=9,
        panels=(
            p.bars(
                "Cost by agent",
                "USD in the chosen time; `unattributed` is what was called outside any agent.",
                p.USD,
                Query(q.descending(q.used(COST, AGENT_LABEL)), by=AGENT_LABEL),
                links=_AGENT_LINKS,
                none=_NO_PRICE,
            ),
            p.bars(
                "Cost by tool",
                "USD in the chosen time of the tokens of tools: definitions, results and calls. "
                "Of which cost, never on top.",
                p.USD,
                Query(q.descending(q.used(q.TOOL_COST, q.TOOL_LABEL)), by=q.TOOL_LABEL),
                links=_TOOL_LINKS,
                none="no priced call with a tool in the chosen time",
            ),
            AlertList(
                title="What runs over",
                description=_RUNNING_OVER,
                matchers=f"{{{q.SERVICES}}}",
            ),
        ),
    )


def _over_time() -> Line:
    return Line(
        widths=(10, 9, 5),
        panels=(
            p.lines(
                "Cost per hour by agent",
                "USD per hour at the rate of each moment.",
                p.USD,
                Query(q.per_hour(COST, AGENT_LABEL), by=AGENT_LABEL, exemplar=True),
                stacked=True,
                links=_AGENT_LINKS,
                none=_NO_PRICE,
            ),
            p.bars(
                "Cost by model",
                "USD in the chosen time, by the model that was asked for.",
                p.USD,
                Query(q.descending(q.used(COST, q.MODEL_LABEL)), by=q.MODEL_LABEL),
                none=_NO_PRICE,
            ),
            p.bars(
                "Cost by role",
                "USD in the chosen time, by what an agent, or a part of it, is for.",
                p.USD,
                Query(q.descending(q.named(q.used(COST, q.ROLE_LABEL), q.ROLE_LABEL)), by=q.ROLE_LABEL),
                none=_NO_PRICE,
            ),
        ),
    )


def _who() -> Line:
    return Line(
        widths=(16, 8),
        height=9,
        panels=(
            p.table(
                "Agents",
                "The chosen time, with each agent's share of what is chosen.",
                {AGENT_LABEL: "Agent"},
                Column("Cost", q.used(COST, AGENT_LABEL), p.USD),
                Column("Share", q.share(COST, AGENT_LABEL), p.RATIO, bar=True),
                Column("Last week", q.week_change(COST, AGENT_LABEL), p.RATIO),
                Column("This month", q.month_to_date(AGENT_LABEL), p.USD),
                Column("Forecast", q.forecast(AGENT_LABEL), p.USD),
                Column("Wasted", q.used(q.WASTED, AGENT_LABEL), p.USD),
                links={"Agent": (to(uids.AGENTS, "This agent", agent=THIS_CELL, focus=THIS_CELL),)},
            ),
            watched(
                "Cost per hour, smoothed",
                "USD per hour and agent.",
                "cost_rate",
                links=_AGENT_LINKS,
            ),
        ),
    )


def _sure() -> tuple[Line, ...]:
    return (
        Line(
            panels=(
                p.lines(
                    "Tokens by source",
                    "Tokens a second by who said so: the provider, we (estimated), both (mixed).",
                    p.TOKENS,
                    Query(q.per_second(TOKENS, q.SOURCE_LABEL), by=q.SOURCE_LABEL),
                    stacked=True,
                ),
                p.bars(
                    "Unpriced tokens by model",
                    "Tokens in the chosen time of models without a known price.",
                    p.TOKENS,
                    Query(q.descending(q.used(q.UNPRICED, q.MODEL_LABEL)), by=q.MODEL_LABEL),
                    none="every model that was called has a price",
                ),
                p.lines(
                    "Wasted cost per hour by agent",
                    "USD per hour of calls that ended in an error or were cancelled.",
                    p.USD,
                    Query(q.per_hour(q.WASTED, AGENT_LABEL), by=AGENT_LABEL, exemplar=True),
                    stacked=True,
                    links=_AGENT_LINKS,
                    none="no cost was wasted",
                ),
            ),
        ),
    )
