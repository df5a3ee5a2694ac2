"""Panels of the dashboard: grafanalib's, with the defaults of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grafanalib import core

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
RATIO, USD, TOKENS, SECONDS, COUNT, CALLS_A_SECOND = (
    "percentunit",
    "currencyUSD",
    "short",
    "s",
    "short",
    "cps",
)
THRESHOLD = "threshold"
"""The refId of a threshold's line."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel; `legend` names its series, in a table its column."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, its query, and the unit of its values."""

    title: str
    expr: str
    unit: str


def _targets(queries: tuple[Query, ...], **settings: Any) -> list[Any]:
    return [
        core.Target(
            expr=query.expr,
            legendFormat=query.legend,
            refId=THRESHOLD if query.legend.startswith("threshold") else chr(ord("A") + number),
            datasource=DATASOURCE,
            **settings,
        )
        for number, query in enumerate(queries)
    ]


def stat(title: str, description: str, unit: str, expr: str) -> Any:
    """One number over the chosen time."""
    return core.Stat(
        title=title,
        description=description,
        dataSource=DATASOURCE,
        targets=_targets((Query(expr),), instant=True),
        format=unit,
        noValue="-",
        reduceCalc="lastNotNull",
        graphMode="none",
        thresholds=[],
    )


def lines(title: str, description: str, unit: str, *queries: Query, stacked: bool = False) -> Any:
    """Series over time; a query whose legend begins with `threshold` is drawn as a dashed red line."""
    dashed: dict[str, Any] = {
        "matcher": {"id": "byFrameRefID", "options": THRESHOLD},
        "properties": [
            {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}},
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [8, 8]}},
            {"id": "custom.hideFrom", "value": {"legend": True, "tooltip": False, "viz": False}},
        ],
    }
    with_threshold = any(query.legend.startswith("threshold") for query in queries)
    return core.TimeSeries(
        title=title,
        description=description,
        dataSource=DATASOURCE,
        targets=_targets(queries),
        unit=unit,
        axisSoftMin=0,
        fillOpacity=30 if stacked else 0,
        stacking={"mode": "normal", "group": "A"} if stacked else {"mode": "none", "group": "A"},
        showPoints="auto",
        spanNulls=False,
        tooltipMode="multi",
        tooltipSort="desc",
        overrides=[dashed] if with_threshold else [],
    )


def table(title: str, description: str, keys: dict[str, str], *columns: Column) -> Any:
    """One row a label set; `keys` are its labels and their titles."""
    queries = tuple(Query(column.expr) for column in columns)
    names = {f"Value #{chr(ord('A') + number)}": column.title for number, column in enumerate(columns)}
    order = [*keys, *names]
    return core.Table(
        title=title,
        description=description,
        dataSource=DATASOURCE,
        targets=_targets(queries, instant=True, format="table"),
        transformations=[
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True},
                    "indexByName": {name: place for place, name in enumerate(order)},
                    "renameByName": keys | names,
                },
            },
        ],
        sortBy=[core.TableSortByField(displayName=columns[0].title, desc=True)],
        overrides=[
            {
                "matcher": {"id": "byName", "options": column.title},
                "properties": [{"id": "unit", "value": column.unit}],
            }
            for column in columns
        ],
        unit=COUNT,
    )


def alerts(title: str, description: str) -> Any:
    """Alerts that are pending or fire, of the services that are chosen."""
    panel = core.Panel(title=title, description=description)
    options = {
        "alertInstanceLabelFilter": '{service_name=~"$service"}',
        "alertName": "",
        "dashboardAlerts": False,
        "groupBy": [],
        "groupMode": "default",
        "maxItems": 20,
        "sortOrder": 1,
        "stateFilter": {"error": True, "firing": True, "noData": False, "normal": False, "pending": True},
        "viewMode": "list",
    }
    panel.extraJson = {"type": "alertlist", "options": options}
    panel.to_json_data = lambda: panel.panel_json({})
    return panel


def row(title: str) -> Any:
    """A heading."""
    return core.RowPanel(title=title)
