"""Traces: the dearest, slowest and failed runs and calls in Tempo, beside what the metrics say of runs."""

from __future__ import annotations

from typing import Any

from agentgauge.generate import panels as p
from agentgauge.generate import queries as q
from agentgauge.generate import uids
from agentgauge.generate.boards.frame import THIS_CELL, board, text, to
from agentgauge.generate.boards.layout import Line, Section
from agentgauge.generate.grafana.fields import Fields, Override
from agentgauge.generate.grafana.panel import Panel, Table, Traces
from agentgauge.generate.grafana.target import TEMPO, TempoTarget
from agentgauge.generate.panels import Query

_SERVICE = 'resource.service.name =~ "$service"'
_RUNS = f'{_SERVICE} && span.gen_ai.operation.name = "invoke_workflow" && $where'
_CALLS = f'{_SERVICE} && span.gen_ai.agent.name =~ "$agent" && span.agentgauge.cost.usd > $min_cost && $where'
_TOOLS = f'{_SERVICE} && span.gen_ai.tool.name =~ "$tool" && $where'
_RUN_FIELDS = "span.gen_ai.workflow.name, span.agentgauge.total.cost_nanousd, span.agentgauge.total.calls"
_CALL_FIELDS = (
    "span.gen_ai.agent.name, span.gen_ai.request.model, span.agentgauge.cost.usd, "
    "span.gen_ai.usage.input_tokens, span.gen_ai.usage.output_tokens"
)
_ERROR_FIELDS = "span.error.type, span.gen_ai.agent.name"
_LIMITED = (
    "Tempo gives the latest hundred that match; a higher limit above finds the dearest of a longer time."
)


def traces() -> str:
    """The dashboard `Traces`."""
    return board(
        uids.TRACES,
        "agentgauge: traces",
        "The dearest, slowest and failed runs, and the calls in them.",
        (
            Section(lines=(_totals(), _runs(), _calls(), _tools_and_failed())),
            Section(title="Runs in the metrics", lines=(_over_time(),)),
            Section(title="One trace: $trace", lines=(_one(),), folded=True),
        ),
        choices=("service", "environment", "agent", "tool"),
        more=(
            text("min_cost", "Calls dearer than, USD", "0.001"),
            text("min_duration", "Runs longer than", "1s"),
            text("where", "TraceQL condition", "true"),
            text("trace", "Trace", ""),
        ),
    )


def _totals() -> Line:
    failed = f'{q.ERROR_LABEL}!=""'
    return Line(
        height=4,
        panels=(
            p.stat("Runs", "Workflows that ended in the chosen time.", p.COUNT, q.counted(q.WORKFLOWS)),
            p.stat(
                "Failed runs",
                "Workflows that ended in an error in the chosen time, of all.",
                p.RATIO,
                f"({q.counted(q.WORKFLOWS, only=failed)} or vector(0))\n/ ({q.counted(q.WORKFLOWS)} > 0)",
                steps=p.bad_from(0.05, 0.2),
            ),
            p.stat(
                "Runs, 95 %",
                "95 % of the workflows in the chosen time took at most this long.",
                p.SECONDS,
                q.quantile(q.WORKFLOWS, 0.95, q.RANGE),
            ),
            p.stat(
                "Failed calls",
                "Model calls that ended in an error in the chosen time.",
                p.COUNT,
                f"{q.used(q.ERRORS)} or vector(0)",
                steps=p.bad_from(1),
            ),
        ),
    )


def _search(
    title: str,
    description: str,
    query: str,
    columns: tuple[Override, ...],
    *,
    sort_by: str = "Duration",
    numbers: tuple[str, ...] = (),
    more: tuple[dict[str, Any], ...] = (),
) -> Panel:
    """A table of spans.

    Args:
        title: of the panel.
        description: of the panel.
        query: TraceQL.
        columns: what is shown, in this order; other columns of the data source's are left out.
        sort_by: the title of a column.
        numbers: attributes that are; Grafana's Tempo data source gives every attribute as text.
        more: transformations after that.
    """
    conversions = [{"targetField": name, "destinationType": "number"} for name in numbers]
    converted = {"id": "convertFieldType", "options": {"conversions": conversions, "fields": {}}}
    names = [column.options for column in columns]
    organised = {
        "excludeByName": {name: True for name in (*_GIVEN, *numbers) if name not in names},
        "includeByName": {},
        "indexByName": {_TITLES.get(name, name): place for place, name in enumerate(names)},
        "renameByName": {},
    }
    return Table(
        title=title,
        description=description,
        dataSource=TEMPO,
        targets=[TempoTarget(expr=query, refId="A")],
        transformations=[
            *([converted] if numbers else []),
            *more,
            {"id": "organize", "options": organised},
        ],
        fields=Fields(
            unit=p.COUNT,
            custom=p.CELLS,
            no_value="no such span in the chosen time",
            overrides=columns,
        ),
        sort_by=sort_by,
    )


_GIVEN = ("traceIdHidden", "traceService", "traceName", "spanID", "time", "name", "duration")
"""Columns that Grafana's Tempo data source gives besides the selected attributes."""
_TITLES = {"time": "Start time", "name": "Name", "duration": "Duration"}
"""What it calls them, which is what Grafana orders columns by."""


def _column(name: str, title: str, **properties: Any) -> Override:
    shown = {"displayName": title, "noValue": "-"}
    shown |= {key.replace("__", "."): value for key, value in properties.items()}
    return Override(matcher="byName", options=name, properties=shown)


_TRACE = _column(
    "traceIdHidden",
    "Trace",
    custom__hidden=False,
    custom__width=90,
    links=[to(uids.TRACES, "Show it below", trace=THIS_CELL).to_json_data()],
)
"""The data source hides it, for links of its own."""
_BEGUN = _column("time", "Begun", unit="time:MM-DD HH:mm:ss", custom__width=120)
_TOOK = _column("duration", "Duration", unit="ns", custom__width=100)
_ERROR = _column("error.type", "Error")
_AGENT = _column("gen_ai.agent.name", "Agent")
_NANOUSD = "agentgauge.total.cost_nanousd"
_COST = {
    "id": "calculateField",
    "options": {
        "alias": "Cost",
        "mode": "binary",
        "binary": {"left": _NANOUSD, "operator": "/", "right": "1000000000"},
        "replaceFields": False,
    },
}
"""USD from nano-USD: no unit of Grafana's has a billionth."""
_RUN_COLUMNS = (
    _BEGUN,
    _column("gen_ai.workflow.name", "Workflow"),
    _column("Cost", "Cost", unit=p.USD, custom__width=85),
    _column("agentgauge.total.calls", "Calls", custom__width=65),
    _TOOK,
    _TRACE,
)
_RUN_NUMBERS = ("agentgauge.total.calls", _NANOUSD)
_CALL_COLUMNS = (
    _BEGUN,
    _AGENT,
    _column("gen_ai.request.model", "Model"),
    _column("agentgauge.cost.usd", "Cost", unit=p.USD),
    _column("gen_ai.usage.input_tokens", "Input"),
    _column("gen_ai.usage.output_tokens", "Output"),
    _TOOK,
    _TRACE,
)
_CALL_NUMBERS = ("agentgauge.cost.usd", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")


def _runs() -> Line:
    return Line(
        height=9,
        panels=(
            _search(
                "Dearest runs",
                f"Workflows in the chosen time with what they cost. {_LIMITED}",
                f"{{ {_RUNS} && span.agentgauge.total.cost_nanousd > 0 }} | select({_RUN_FIELDS})",
                _RUN_COLUMNS,
                sort_by="Cost",
                numbers=_RUN_NUMBERS,
                more=(_COST,),
            ),
            _search(
                "Slowest runs",
                f"Workflows in the chosen time that took longer than the limit above. {_LIMITED}",
                f"{{ {_RUNS} && duration > $min_duration }} | select({_RUN_FIELDS})",
                _RUN_COLUMNS,
                numbers=_RUN_NUMBERS,
                more=(_COST,),
            ),
        ),
    )


def _calls() -> Line:
    return Line(
        height=9,
        panels=(
            _search(
                "Dearest calls",
                f"Calls of the chosen agents that cost more than the limit above. {_LIMITED}",
                f"{{ {_CALLS} }} | select({_CALL_FIELDS})",
                _CALL_COLUMNS,
                sort_by="Cost",
                numbers=_CALL_NUMBERS,
            ),
        ),
    )


def _tools_and_failed() -> Line:
    return Line(
        widths=(10, 14),
        panels=(
            _search(
                "Slowest runs of tools",
                f"The chosen tools, in the chosen time. {_LIMITED}",
                f"{{ {_TOOLS} }} | select(span.gen_ai.tool.name, span.error.type)",
                (_BEGUN, _column("gen_ai.tool.name", "Tool"), _ERROR, _TOOK, _TRACE),
            ),
            _search(
                "Failed",
                "Spans of the chosen services with an error: runs, tools and calls. The latest hundred.",
                f"{{ {_SERVICE} && status = error && $where }} | select({_ERROR_FIELDS})",
                (_BEGUN, _column("name", "Span"), _AGENT, _ERROR, _TOOK, _TRACE),
            ),
        ),
    )


def _over_time() -> Line:
    return Line(
        panels=(
            p.lines(
                "Duration of runs by workflow",
                "95 % of a workflow's runs took at most this long; a point leads to the trace behind it.",
                p.SECONDS,
                Query(
                    q.quantile(q.WORKFLOWS, 0.95, q.STEP, q.WORKFLOW_LABEL),
                    by=q.WORKFLOW_LABEL,
                    exemplar=True,
                ),
            ),
            p.bars(
                "Runs by workflow",
                "Workflows that ended in the chosen time.",
                p.COUNT,
                Query(q.descending(q.counted(q.WORKFLOWS, q.WORKFLOW_LABEL)), by=q.WORKFLOW_LABEL),
            ),
        ),
    )


def _one() -> Line:
    return Line(
        height=16,
        panels=(
            Traces(
                title="Spans of the trace",
                description="The trace whose id is given above, or chosen in a table.",
                dataSource=TEMPO,
                targets=[TempoTarget(expr="$trace", refId="A", rows="traces")],
            ),
        ),
    )
