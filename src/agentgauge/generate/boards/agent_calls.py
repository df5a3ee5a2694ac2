"""How the calls of agents fare: how many, what goes wrong, how long they take."""

from __future__ import annotations

from agentgauge.generate import panels as p
from agentgauge.generate import queries as q
from agentgauge.generate import uids
from agentgauge.generate.boards.frame import THIS_SERIES, to
from agentgauge.generate.boards.layout import Line
from agentgauge.generate.boards.watched import watched
from agentgauge.generate.panels import Query
from agentgauge.registry_records import AGENT_LABEL

LINKS = (
    to(uids.AGENTS, "Only this agent", agent=THIS_SERIES, focus=THIS_SERIES),
    to(uids.TRACES, "Its traces", agent=THIS_SERIES),
)


def calls() -> Line:
    """How many."""
    return Line(
        panels=(
            p.lines(
                "Calls by outcome",
                "Model calls a second.",
                p.CALLS_A_SECOND,
                Query(q.per_second(q.CALLS, q.OUTCOME_LABEL), by=q.OUTCOME_LABEL, exemplar=True),
                stacked=True,
            ),
            p.lines(
                "Calls by agent",
                "Model calls a second.",
                p.CALLS_A_SECOND,
                Query(q.per_second(q.CALLS, AGENT_LABEL), by=AGENT_LABEL, exemplar=True),
                stacked=True,
                links=LINKS,
            ),
        ),
    )


def what_goes_wrong() -> Line:
    """Parts of an agent's calls and cost that were for nothing, with the thresholds of their alerts."""
    return Line(
        panels=(
            watched(
                "Errors by agent",
                "Calls that ended in an error, of an agent's calls.",
                "error_ratio",
                links=LINKS,
            ),
            watched(
                "Retries by agent",
                "HTTP attempts after the first, for each of an agent's calls.",
                "retry_ratio",
                links=LINKS,
            ),
            watched(
                "Waste by agent",
                "USD of calls that ended in an error or were cancelled, of an agent's USD.",
                "wasted_ratio",
                links=LINKS,
            ),
        ),
    )


def latency() -> Line:
    """Of calls, first chunks, and whole turns."""

    def halves(name: str) -> tuple[Query, ...]:
        shown = ((0.5, "half"), (0.95, "95 %"))
        return tuple(Query(q.quantile(name, part, q.STEP), legend, exemplar=True) for part, legend in shown)

    return Line(
        panels=(
            p.lines(
                "Duration of calls",
                "Half and 95 % of the calls took at most this long, retries included.",
                p.SECONDS,
                *halves(q.LATENCY),
            ),
            p.lines(
                "Duration of calls by agent",
                "95 % of an agent's calls took at most this long.",
                p.SECONDS,
                Query(q.quantile(q.LATENCY, 0.95, q.STEP, AGENT_LABEL), by=AGENT_LABEL, exemplar=True),
                links=LINKS,
            ),
            p.lines(
                "Time to first chunk",
                "Of streams: half and 95 % gave their first chunk within this time.",
                p.SECONDS,
                *halves(q.FIRST_CHUNK),
            ),
            p.lines(
                "Turns of agents",
                "95 % of an agent's turns, all its calls and tools included, took at most this long.",
                p.SECONDS,
                Query(q.quantile(q.AGENT_RUNS, 0.95, q.STEP, AGENT_LABEL), by=AGENT_LABEL, exemplar=True),
                links=LINKS,
            ),
        ),
    )
