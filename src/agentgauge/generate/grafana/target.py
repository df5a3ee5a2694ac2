"""The queries of panels."""

from __future__ import annotations

from typing import Any, Literal

import attr
from grafanalib import core

PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
TEMPO = {"type": "tempo", "uid": "${traces}"}


@attr.s(auto_attribs=True, kw_only=True)
class PromTarget(core.Target):  # type: ignore[misc]  # grafanalib has no types
    """PromQL, either at one moment (`instant`) or over time; `exemplar` asks for the traces behind it."""

    expr: str
    refId: str  # noqa: N815  # grafanalib's names
    legendFormat: str = "__auto"  # noqa: N815
    format: Literal["time_series", "table"] = "time_series"
    instant: bool = False
    exemplar: bool = False

    def to_json_data(self) -> dict[str, Any]:
        """Without the keys that Grafana dropped."""
        return {
            "datasource": PROMETHEUS,
            "editorMode": "code",
            "exemplar": self.exemplar,
            "expr": self.expr,
            "format": self.format,
            "instant": self.instant,
            "legendFormat": self.legendFormat,
            "range": not self.instant,
            "refId": self.refId,
        }


@attr.s(auto_attribs=True, kw_only=True)
class TempoTarget(core.Target):  # type: ignore[misc]  # grafanalib has no types
    """TraceQL, or a trace's id; grafanalib has no target of Tempo.

    Attributes:
        rows: a row a trace, or a row a matching span.
        limit: traces at most.
        spans: spans of a trace at most.
    """

    expr: str
    refId: str  # noqa: N815  # grafanalib's name
    rows: Literal["traces", "spans"] = "spans"
    limit: int = 100
    spans: int = 10

    def to_json_data(self) -> dict[str, Any]:
        """As Grafana's Tempo data source writes it."""
        return {
            "datasource": TEMPO,
            "filters": [],
            "limit": self.limit,
            "query": self.expr,
            "queryType": "traceql",
            "refId": self.refId,
            "spss": self.spans,
            "tableType": self.rows,
        }
