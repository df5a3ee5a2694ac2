"""Pipeline: is the telemetry complete, so that the other dashboards can be believed."""

from __future__ import annotations

from agentgauge.generate import collector_health as c
from agentgauge.generate import panels as p
from agentgauge.generate import queries as q
from agentgauge.generate import uids
from agentgauge.generate.boards.frame import board
from agentgauge.generate.boards.layout import Line, Section
from agentgauge.generate.boards.watched import others
from agentgauge.generate.panels import Query
from agentgauge.generate.promql import selector
from agentgauge.registry import metric
from agentgauge.registry_records import SERVICE_LABEL, Sum

_LATE, _UNCERTAIN = (Sum(metrics=(f"agentgauge.{kind}.calls",)) for kind in ("late", "uncertain"))
_DROPPED = Sum(metrics=("agentgauge.outbox.dropped",))


def pipeline() -> str:
    """The dashboard `Pipeline`."""
    return board(
        uids.PIPELINE,
        "agentgauge: pipeline",
        "Is the telemetry complete: from the programs' outboxes through the Collector to Prometheus.",
        (
            Section(lines=(_totals(), _through())),
            Section(title="Collector", lines=(_queues(), _connector())),
            *others(uids.PIPELINE, folded=True),
            Section(title="Outboxes of programs that tell of them", lines=(_programs(),), folded=True),
        ),
        choices=("service", "environment"),
    )


def _totals() -> Line:
    return Line(
        height=4,
        panels=(
            p.stat(
                "No usage",
                "Calls of which nobody knows what they used, of all calls.",
                p.RATIO,
                q.ratio_used(q.CALLS_WITHOUT_USAGE, q.CALLS),
                steps=p.bad_from(0.01, 0.1),
            ),
            p.stat(
                "Late calls",
                "Calls that arrived more than ten minutes after their end, in the chosen time.",
                p.COUNT,
                f"{q.used(_LATE)} or vector(0)",
                steps=p.bad_from(1),
            ),
            p.stat(
                "Uncertain",
                "Calls sent again beyond the reach of deduplication, in the chosen time: no other number has "
                "them.",
                p.COUNT,
                f"{q.used(_UNCERTAIN)} or vector(0)",
                steps=p.bad_from(1, 100),
            ),
            p.stat(
                "Refused",
                "Spans and points that the Collector refused or could not hand on, in the chosen time.",
                p.COUNT,
                c.grown(c.REFUSED, c.FAILED, c.REFUSED_POINTS, c.NOT_SENT_SPANS, c.NOT_SENT_POINTS),
                steps=p.bad_from(1, 100),
            ),
            p.stat(
                "Storage",
                "Writes of the Collector's journal that failed, in the chosen time.",
                p.COUNT,
                c.grown(c.STORAGE_ERRORS),
                steps=((None, "green"), (1, "red")),
            ),
            p.stat(
                "Overflow",
                "Values that went to overflow series, in the chosen time: totals hold, details are lost.",
                p.COUNT,
                c.grown(c.OVERFLOW),
                steps=p.bad_from(1),
            ),
            p.stat(
                "Queue",
                "The Collector's fullest queue, of its capacity.",
                p.RATIO,
                f"max({c.QUEUE_SIZE} / {c.QUEUE_CAPACITY})",
                steps=p.bad_from(0.5, 0.8),
            ),
            p.stat(
                "Heartbeat",
                "Flushes of the usage connector in the last five minutes; 0 means that it stopped.",
                p.COUNT,
                f"floor(sum(increase({c.HEARTBEAT}[5m])) or vector(0))",
                steps=((None, "red"), (1, "green")),
            ),
        ),
    )


def _through() -> Line:
    return Line(
        panels=(
            p.lines(
                "Spans through the Collector",
                "A second: received, counted by a metric, skipped as counted before.",
                "short",
                Query(c.per_second(c.ACCEPTED), "received"),
                Query(c.per_second(c.COUNTED), "counted"),
                Query(c.per_second(c.DUPLICATE, c.REPLAY), "skipped: counted before"),
            ),
            p.lines(
                "Refused and failed",
                "Spans and points a second that were refused, or could not be handed on yet.",
                "short",
                Query(c.per_second(c.REFUSED, c.FAILED), "spans at the door"),
                Query(c.per_second(c.REFUSED_POINTS), "points by the exporter"),
                Query(c.per_second(c.NOT_SENT_POINTS), "points by Prometheus"),
                Query(c.per_second(c.NOT_SENT_SPANS), "spans by Tempo"),
            ),
            p.lines(
                "Late and uncertain calls",
                "Calls a second that arrived more than ten minutes late, or were sent again beyond the reach "
                "of deduplication.",
                p.CALLS_A_SECOND,
                Query(f"{q.per_second(_LATE)} or vector(0)", "late"),
                Query(f"{q.per_second(_UNCERTAIN)} or vector(0)", "uncertain"),
            ),
        ),
    )


def _programs() -> Line:
    def gauge(function: str, name: str) -> str:
        found = metric(name)
        return f"{function} by ({SERVICE_LABEL}) ({selector(found.prometheus_name, *q.matchers(found))})"

    return Line(
        panels=(
            p.lines(
                "Waiting spans",
                "Spans in the outboxes of programs that wait to be sent.",
                p.COUNT,
                Query(gauge("sum", "agentgauge.outbox.spans"), by=SERVICE_LABEL),
            ),
            p.lines(
                "Longest wait",
                "Age of the oldest span that waits.",
                p.SECONDS,
                Query(gauge("max", "agentgauge.outbox.age"), by=SERVICE_LABEL),
            ),
            p.lines(
                "Dropped spans",
                "Spans a second that outboxes gave up: full ones, and what was refused or cannot be read.",
                p.COUNT,
                # Programs tell once a minute, so shorter windows hold no rate.
                Query(q.per_second(_DROPPED, SERVICE_LABEL, window="5m"), by=SERVICE_LABEL),
            ),
        ),
    )


def _queues() -> Line:
    return Line(
        panels=(
            p.lines(
                "Queues",
                "How full the Collector's queues on disk are.",
                p.RATIO,
                Query(c.queues(), by="queue"),
                most=1,
            ),
            p.lines(
                "Journal",
                "Bytes of the connector's journal and its checkpoint on disk.",
                p.BYTES,
                Query(f"sum({c.STORAGE_BYTES})", "journal"),
            ),
            p.lines(
                "Time of a commit",
                "Half and 99 % of the journal's writes took at most this long.",
                p.SECONDS,
                Query(c.commit_quantile(0.5), "half"),
                Query(c.commit_quantile(0.99), "99 %"),
            ),
        ),
    )


def _short_names(query: str) -> str:
    """Names that a bar has room for, the largest on top."""
    long = "gen_ai.client.inference.(?:usage.)?(.+)"
    return f'sort_desc(label_replace({query}, "metric", "$1", "metric", "{long}"))'


def _connector() -> Line:
    return Line(
        widths=(12, 6, 6),
        height=10,
        panels=(
            p.bars(
                "Series by metric",
                "Series that the connector keeps, overflow series included; the limit is "
                "AGENTGAUGE_SERIES_LIMIT for each metric. Names go without `gen_ai.client.inference.usage.`.",
                p.COUNT,
                Query(_short_names(f"topk(12, sum by (metric) ({c.SERIES}))"), by="metric"),
            ),
            p.lines(
                "Series",
                "Sent, and idle: ended without a change for idle_expiry, their sums kept.",
                p.COUNT,
                Query(f"sum({c.SERIES})", "sent"),
                Query(f"sum({c.SERIES_IDLE})", "idle"),
            ),
            p.lines(
                "Remembered span ids",
                "What the connector recognises duplicates by.",
                p.COUNT,
                Query(f"sum({c.WINDOW})", "ids"),
            ),
        ),
    )
