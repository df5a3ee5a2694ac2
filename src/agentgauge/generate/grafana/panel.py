"""The panels: each writes the options that current Grafana writes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attr
from grafanalib import core

from agentgauge.generate.grafana.target import PROMETHEUS

if TYPE_CHECKING:
    from agentgauge.generate.grafana.fields import Fields
    from agentgauge.generate.grafana.target import PromTarget, TempoTarget

PLUGIN_VERSION = "12.3.0"
"""Of the Grafana whose options these are; a newer one migrates from it."""


@attr.s(auto_attribs=True, kw_only=True)
class Panel(core.Panel):  # type: ignore[misc]  # grafanalib has no types
    """What all panels have."""

    kind: ClassVar[str]
    title: str
    description: str
    dataSource: dict[str, str] = PROMETHEUS  # noqa: N815  # grafanalib's names
    targets: list[PromTarget] | list[TempoTarget] = attr.Factory(list)
    transformations: list[dict[str, Any]] = attr.Factory(list)
    fields: Fields | None = None
    timeFrom: str | None = None  # noqa: N815
    id: int = 0
    gridPos: core.GridPos | None = None  # noqa: N815

    def options(self) -> dict[str, Any]:
        """Of this kind of panel."""
        raise NotImplementedError

    def to_json_data(self) -> dict[str, Any]:
        """Without the keys that Grafana dropped."""
        found: dict[str, Any] = {
            "type": self.kind,
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "gridPos": self.gridPos,
            "pluginVersion": PLUGIN_VERSION,
            "options": self.options(),
        }
        if self.targets:
            found |= {"datasource": self.dataSource, "targets": self.targets}
        if self.fields is not None:
            found["fieldConfig"] = self.fields
        if self.transformations:
            found["transformations"] = self.transformations
        if self.timeFrom:
            found |= {"timeFrom": self.timeFrom, "hideTimeOverride": False}
        return found


_REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}


@attr.s(auto_attribs=True, kw_only=True)
class Stat(Panel):
    """One number, with its course where the query is over time."""

    kind = "stat"
    course: bool = False

    def options(self) -> dict[str, Any]:
        """Of a stat."""
        return {
            "colorMode": "value",
            "graphMode": "area" if self.course else "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "percentChangeColorMode": "standard",
            "reduceOptions": _REDUCED,
            "showPercentChange": False,
            "textMode": "value",
            "wideLayout": True,
        }


@attr.s(auto_attribs=True, kw_only=True)
class TimeSeries(Panel):
    """Series over time; the threshold's lines are in no legend."""

    kind = "timeseries"

    def options(self) -> dict[str, Any]:
        """Of a time series panel."""
        return {
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"hideZeros": True, "mode": "multi", "sort": "desc"},
        }


@attr.s(auto_attribs=True, kw_only=True)
class BarGauge(Panel):
    """A bar for each series, the longest on top where the query sorts."""

    kind = "bargauge"

    def options(self) -> dict[str, Any]:
        """Of a bar gauge."""
        return {
            "displayMode": "basic",
            "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
            "maxVizHeight": 35,
            "minVizHeight": 16,
            "minVizWidth": 8,
            "namePlacement": "left",
            "orientation": "horizontal",
            "reduceOptions": _REDUCED,
            "showUnfilled": True,
            "sizing": "auto",
            "text": {"valueSize": 14},
            "valueMode": "text",
        }


@attr.s(auto_attribs=True, kw_only=True)
class Table(Panel):
    """Rows, sorted by a column."""

    kind = "table"
    sort_by: str

    def options(self) -> dict[str, Any]:
        """Of a table."""
        return {
            "cellHeight": "sm",
            "showHeader": True,
            "sortBy": [{"desc": True, "displayName": self.sort_by}],
        }


@attr.s(auto_attribs=True, kw_only=True)
class Traces(Panel):
    """One trace as a tree of spans; grafanalib has no such panel."""

    kind = "traces"

    def options(self) -> dict[str, Any]:
        """It has none that matter."""
        return {}


Order = Literal["importance", "time"]
_ORDER: dict[Order, int] = {"importance": 3, "time": 4}


@attr.s(auto_attribs=True, kw_only=True)
class AlertList(Panel):
    """Alerts that are pending or fire; `matchers` choose among them by their labels."""

    kind = "alertlist"
    matchers: str
    order: Order = "importance"

    def options(self) -> dict[str, Any]:
        """Of an alert list."""
        shown = {"error": True, "firing": True, "noData": False, "normal": False, "pending": True}
        return {
            "alertInstanceLabelFilter": self.matchers,
            "alertName": "",
            "dashboardAlerts": False,
            "groupBy": [],
            "groupMode": "default",
            "maxItems": 20,
            "showInstances": True,
            "sortOrder": _ORDER[self.order],
            "stateFilter": shown,
            "viewMode": "list",
        }
