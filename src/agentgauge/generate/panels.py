"""Panels with the defaults of the house."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from agentgauge.generate.colours import of_words
from agentgauge.generate.grafana.fields import BY_NAME, PLAIN, Fields, Link, Override, Step, absolute
from agentgauge.generate.grafana.panel import BarGauge, Panel, Stat, Table, TimeSeries
from agentgauge.generate.grafana.target import PROMETHEUS, PromTarget
from agentgauge.generate.legends import as_fields, letter

if TYPE_CHECKING:
    from collections.abc import Mapping

RATIO, USD, TOKENS, SECONDS, COUNT, CALLS_A_SECOND, BYTES = (
    "percentunit",
    "currencyUSD",
    "short",
    "s",
    "short",
    "cps",
    "bytes",
)
_SERIES = "series"
THRESHOLD = "threshold"
"""The refId of a threshold's line."""
CELLS = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "minWidth": 90}
"""Of tables; with Grafana's own 150 pixels, ten columns do not fit a page of 1280."""


_FEW, _NAME = 7, {"custom.width": 130}
"""Names are longer than numbers: in a table of many columns they have a width, and numbers share the rest.

It is no least width: Grafana widens by it without taking it from the others, and cuts the last column.
"""
_LEAST = {RATIO: 0.1, USD: 0.01, CALLS_A_SECOND: 0.1, COUNT: 1}
"""What an axis reaches to at least, by unit; one of zeros alone would go to 100, or 10,000 %."""
NOTHING = "nothing in the chosen time"


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel.

    Attributes:
        expr: PromQL.
        legend: names its one series.
        by: the label that names its series.
        exemplar: ask for the traces behind it too.
        threshold: draw it as a threshold's dashed red line.
    """

    expr: str
    legend: str = ""
    by: str = ""
    exemplar: bool = False
    threshold: bool = False

    def named(self) -> Query:
        """With a legend made a label: see `as_fields`."""
        if not self.legend or self.threshold:
            return self
        expr = f'label_replace({self.expr}, "{_SERIES}", "{self.legend}", "", "")'
        return replace(self, expr=expr, legend="", by=_SERIES)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, its query, the unit of its values, and whether a bar shows them.

    Where there are `steps`, they colour it.
    """

    title: str
    expr: str
    unit: str
    bar: bool = False
    decimals: int | None = None
    steps: tuple[Step, ...] = ()


def _targets(
    queries: tuple[Query, ...],
    *,
    instant: bool,
    format: Literal["time_series", "table"] = "time_series",  # noqa: A002  # Grafana's word
) -> list[PromTarget]:
    return [
        PromTarget(
            expr=query.expr,
            legendFormat=f"{{{{{query.by}}}}}" if query.by else query.legend or "__auto",
            refId=THRESHOLD if query.threshold else letter(number),
            exemplar=query.exemplar,
            instant=instant,
            format=format,
        )
        for number, query in enumerate(queries)
    ]


def _coloured(queries: tuple[Query, ...]) -> tuple[Override, ...]:
    own = [query for query in queries if not query.threshold]
    return of_words(dict.fromkeys(query.by for query in own), [one.legend for one in own if one.legend])


def bad_from(warning: float, critical: float | None = None) -> tuple[Step, ...]:
    """Green, orange from one value on, and red from another."""
    steps: tuple[Step, ...] = ((None, "green"), (warning, "orange"))
    return steps if critical is None else (*steps, (critical, "red"))


def stat(
    title: str,
    description: str,
    unit: str,
    expr: str,
    *,
    steps: tuple[Step, ...] = PLAIN,
    none: str = "-",
    time_from: str | None = None,
    links: tuple[Link, ...] = (),
) -> Panel:
    """One number over the chosen time, or over one of its own; `none` stands where there is no data."""
    return Stat(
        title=title,
        description=description,
        dataSource=PROMETHEUS,
        targets=_targets((Query(expr),), instant=True),
        fields=Fields(unit=unit, no_value=none, steps=steps, links=links, decimals=_decimals(unit)),
        timeFrom=time_from,
    )


def _decimals(unit: str) -> int | None:
    return 1 if unit == RATIO else None


def lines(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    stacked: bool = False,
    links: tuple[Link, ...] = (),
    most: float | None = None,
    none: str = NOTHING,
) -> Panel:
    """Series over time, each with the colour of its name; a threshold's query is a dashed red line.

    `none` stands where there is no data.
    """
    dashed = Override(
        matcher="byFrameRefID",
        options=THRESHOLD,
        properties={
            "color": {"mode": "fixed", "fixedColor": "red"},
            "custom.lineStyle": {"fill": "dash", "dash": [8, 8]},
            "custom.hideFrom": {"legend": True, "tooltip": False, "viz": False},
            "links": [],
        },
    )
    custom = {
        "axisSoftMin": 0,
        "drawStyle": "line",
        "fillOpacity": 30 if stacked else 0,
        "lineInterpolation": "linear",
        "lineWidth": 1 if stacked else 2,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
    } | ({"axisSoftMax": _LEAST[unit]} if unit in _LEAST else {})
    named = tuple(query.named() for query in queries)
    return TimeSeries(
        title=title,
        description=description,
        dataSource=PROMETHEUS,
        targets=_targets(named, instant=False),
        transformations=as_fields(named),
        fields=Fields(
            unit=unit,
            colour=BY_NAME,
            custom=custom,
            links=links,
            least=0,
            most=most,
            no_value=none,
            overrides=(*_coloured(queries), *((dashed,) if any(one.threshold for one in queries) else ())),
        ),
    )


def bars(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    links: tuple[Link, ...] = (),
    none: str = NOTHING,
) -> Panel:
    """A bar for each series, in their order, each with the colour of its name; `none` if there are none."""
    named = tuple(query.named() for query in queries)
    return BarGauge(
        title=title,
        description=description,
        dataSource=PROMETHEUS,
        targets=_targets(named, instant=True),
        transformations=as_fields(named),
        fields=Fields(
            unit=unit,
            colour=BY_NAME,
            least=0,
            links=links,
            decimals=_decimals(unit),
            no_value=none,
            overrides=_coloured(queries),
        ),
    )


def table(
    title: str,
    description: str,
    keys: dict[str, str],
    *columns: Column,
    links: Mapping[str, tuple[Link, ...]] | None = None,
    none: str = NOTHING,
) -> Panel:
    """One row a label set, sorted by the first column.

    Args:
        title: of the panel.
        description: of the panel.
        keys: labels and their titles.
        columns: one query each.
        links: title of a key -> its links.
        none: stands where there is no data.
    """
    values = (
        ["Value"] if len(columns) == 1 else [f"Value #{letter(number)}" for number in range(len(columns))]
    )
    names = {value: column.title for value, column in zip(values, columns, strict=True)}
    organised = {
        "excludeByName": {"Time": True},
        "includeByName": {},
        "indexByName": {name: place for place, name in enumerate([*keys, *names])},
        "renameByName": keys | names,
    }
    width = _NAME if len(keys) + len(columns) > _FEW else {}
    named = [
        Override(matcher="byName", options=key, properties=width | _linked((links or {}).get(key, ())))
        for key in keys.values()
    ]
    return Table(
        title=title,
        description=description,
        dataSource=PROMETHEUS,
        targets=_targets(tuple(Query(column.expr) for column in columns), instant=True, format="table"),
        transformations=[{"id": "merge", "options": {}}, {"id": "organize", "options": organised}],
        fields=Fields(
            unit=COUNT,
            no_value=none,
            custom=CELLS,
            overrides=(*(one for one in named if one.properties), *map(_shown, columns)),
        ),
        sort_by=columns[0].title,
    )


def _linked(links: tuple[Link, ...]) -> dict[str, Any]:
    return {"links": [one.to_json_data() for one in links]} if links else {}


def _shown(column: Column) -> Override:
    # What stands where the whole table is empty would stand in every cell without a value.
    properties: dict[str, Any] = {"unit": column.unit, "noValue": "-"}
    decimals = column.decimals if column.decimals is not None else _decimals(column.unit)
    if decimals is not None:
        properties["decimals"] = decimals
    if column.bar:
        gauge = {"mode": "basic", "type": "gauge", "valueDisplayMode": "text"}
        properties |= {"custom.cellOptions": gauge, "min": 0, "max": 1}
        properties["color"] = {"fixedColor": "blue", "mode": "fixed"}
    if column.steps:
        properties["thresholds"] = absolute(column.steps)
        properties["color"] = {"mode": "thresholds"}
        properties.setdefault("custom.cellOptions", {"type": "color-text"})
    return Override(matcher="byName", options=column.title, properties=properties)
