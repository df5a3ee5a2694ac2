"""A dashboard and its variables."""

from __future__ import annotations

import json
from typing import Any, Literal

import attr
from grafanalib import core
from grafanalib._gen import DashboardEncoder

from agentgauge.generate.grafana.target import PROMETHEUS

SCHEMA_VERSION = 42
"""`defaultDashboard.schemaVersion` of @grafana/schema 13.1."""

SHOWN, HIDDEN = 0, 2
_WHEN_THE_TIME_CHANGES = 2
_FIRST = {"text": "", "value": ""}
"""No value that exists, so that Grafana takes the first."""


@attr.s(auto_attribs=True, kw_only=True)
class Board(core.Dashboard):  # type: ignore[misc]  # grafanalib has no types
    """A dashboard in the schema of today."""

    title: str
    uid: str
    description: str
    tags: list[str]
    timezone: Literal["browser", "utc"]
    refresh: str
    time: core.Time
    graphTooltip: int  # noqa: N815  # grafanalib's name
    links: list[core.DashboardLink]
    annotations: core.Annotations
    templating: core.Templating
    panels: list[core.Panel]

    def to_json_data(self) -> dict[str, Any]:
        """Without the keys that Grafana dropped."""
        return {
            "annotations": self.annotations,
            "description": self.description,
            "editable": True,
            "fiscalYearStartMonth": 0,
            "graphTooltip": self.graphTooltip,
            "links": self.links,
            "panels": self.panels,
            "preload": False,
            "refresh": self.refresh,
            "schemaVersion": SCHEMA_VERSION,
            "tags": self.tags,
            "templating": self.templating,
            "time": self.time,
            "timepicker": {},
            "timezone": self.timezone,
            "title": self.title,
            "uid": self.uid,
            "version": 1,
        }

    def text(self) -> str:
        """The JSON file."""
        return json.dumps(self, cls=DashboardEncoder, indent=2, ensure_ascii=False) + "\n"


@attr.s(auto_attribs=True, kw_only=True)
class Row(core.RowPanel):  # type: ignore[misc]  # grafanalib has no types
    """A heading that folds what is below it; what it holds when folded is inside it."""

    title: str
    collapsed: bool
    id: int
    gridPos: core.GridPos  # noqa: N815  # grafanalib's name
    panels: list[core.Panel] = attr.Factory(list)

    def to_json_data(self) -> dict[str, Any]:
        """Only the keys of a row."""
        return {
            "type": "row",
            "id": self.id,
            "title": self.title,
            "collapsed": self.collapsed,
            "gridPos": self.gridPos,
            "panels": self.panels,
        }


@attr.s(auto_attribs=True, kw_only=True)
class Choice(core.Template):  # type: ignore[misc]  # grafanalib has no types
    """A variable whose values are those of a label: many or all of them, or one."""

    name: str
    label: str
    query: str
    sort: int = 1
    hide: int = SHOWN
    includeAll: bool = False  # noqa: N815  # grafanalib's names
    multi: bool = False
    allValue: str = ".*"  # noqa: N815

    def to_json_data(self) -> dict[str, Any]:
        """As Grafana writes it."""
        found: dict[str, Any] = {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "datasource": PROMETHEUS,
            "definition": self.query,
            "query": {
                "qryType": 5,
                "query": self.query,
                "refId": "PrometheusVariableQueryEditor-VariableQuery",
            },
            "refresh": _WHEN_THE_TIME_CHANGES,
            "sort": self.sort,
            "hide": self.hide,
            "includeAll": self.includeAll,
            "multi": self.multi,
            "options": [],
            "current": {"text": ["All"], "value": ["$__all"]} if self.includeAll else _FIRST,
        }
        return found | ({"allValue": self.allValue} if self.includeAll else {})


@attr.s(auto_attribs=True, kw_only=True)
class Given(core.Template):  # type: ignore[misc]  # grafanalib has no types
    """A variable that is no query: a data source of a kind, or text that the user types."""

    type: Literal["datasource", "textbox"]
    name: str
    label: str
    query: str
    preset: dict[str, str]
    hide: int = SHOWN

    def to_json_data(self) -> dict[str, Any]:
        """As Grafana writes it."""
        found = {
            "type": self.type,
            "name": self.name,
            "label": self.label,
            "hide": self.hide,
            "query": self.query,
        }
        if self.type == "textbox":
            return found | {"current": self.preset, "options": [self.preset]}
        return found | {
            "current": self.preset,
            "includeAll": False,
            "multi": False,
            "options": [],
            "refresh": 1,
            "regex": "",
        }
