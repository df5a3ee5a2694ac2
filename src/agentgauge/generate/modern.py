"""From grafanalib's JSON to what current Grafana writes: its 0.7 speaks schema 12 and knows older panels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from grafanalib._gen import DashboardEncoder

if TYPE_CHECKING:
    from grafanalib.core import Dashboard

SCHEMA_VERSION = 41
"""Of Grafana 12."""

_DASHBOARD_KEYS = (
    "annotations",
    "description",
    "editable",
    "graphTooltip",
    "links",
    "panels",
    "refresh",
    "tags",
    "templating",
    "time",
    "timezone",
    "title",
    "uid",
)
_PANEL_KEYS = (
    "collapsed",
    "datasource",
    "description",
    "fieldConfig",
    "gridPos",
    "id",
    "options",
    "panels",
    "targets",
    "title",
    "transformations",
    "type",
)
_TARGET_KEYS = ("datasource", "expr", "format", "instant", "legendFormat", "refId")
_VARIABLE_KEYS = (
    "allValue",
    "current",
    "datasource",
    "definition",
    "hide",
    "includeAll",
    "label",
    "multi",
    "name",
    "options",
    "query",
    "refresh",
    "regex",
    "sort",
    "type",
)
_TABLE_CELL = {"type": "auto"}
_TABLE_FOOTER = {"show": False, "reducer": ["sum"], "countRows": False, "fields": ""}


def modernise(dashboard: Dashboard) -> dict[str, Any]:
    """The dashboard as plain data, without keys that Grafana dropped."""
    raw = json.loads(json.dumps(dashboard.to_json_data(), cls=DashboardEncoder))
    found = _only(raw, _DASHBOARD_KEYS)
    found["panels"] = [_panel(panel) for panel in raw["panels"]]
    found["templating"] = {"list": [_variable(variable) for variable in raw["templating"]["list"]]}
    found["annotations"] = {"list": []}
    return found | {
        "fiscalYearStartMonth": 0,
        "schemaVersion": SCHEMA_VERSION,
        "timepicker": {},
        "version": 1,
    }


def _only(data: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: data[key] for key in keys if data.get(key) is not None}


def _panel(raw: dict[str, Any]) -> dict[str, Any]:
    panel = _only(raw, _PANEL_KEYS)
    if panel["type"] == "row":
        return _only(panel, ("collapsed", "gridPos", "id", "panels", "title", "type"))
    panel["targets"] = [_target(target) for target in raw["targets"]]
    if not panel["targets"]:
        del panel["targets"]
    panel["fieldConfig"] = _field_config(raw["fieldConfig"])
    if panel["type"] == "table":
        panel["options"] |= {"cellHeight": "sm", "footer": _TABLE_FOOTER}
        custom = panel["fieldConfig"]["defaults"]["custom"]
        custom.pop("displayMode", None)
        panel["fieldConfig"]["defaults"]["custom"] = custom | {"cellOptions": _TABLE_CELL, "inspect": False}
    if "legend" in panel.get("options", {}):
        panel["options"]["legend"]["showLegend"] = True
    return panel


def _field_config(raw: dict[str, Any]) -> dict[str, Any]:
    defaults = {key: value for key, value in raw["defaults"].items() if value not in (None, [])}
    if "custom" in defaults:
        defaults["custom"] = {key: value for key, value in defaults["custom"].items() if value is not None}
    # The first step has no value: it is what lies below all others.
    defaults["thresholds"] = {"mode": "absolute", "steps": [{"color": "text", "value": None}]}
    return {"defaults": defaults, "overrides": raw.get("overrides", [])}


def _target(raw: dict[str, Any]) -> dict[str, Any]:
    target = _only(raw, _TARGET_KEYS)
    instant = target.get("instant", False)
    return target | {"editorMode": "code", "instant": instant, "range": not instant}


def _variable(raw: dict[str, Any]) -> dict[str, Any]:
    variable = _only(raw, _VARIABLE_KEYS)
    if raw["type"] == "datasource":
        return variable | {"current": {}}
    query = raw["query"]
    return variable | {
        "current": {"text": ["All"], "value": ["$__all"]},
        "definition": query,
        "query": {"query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery", "qryType": 5},
    }
