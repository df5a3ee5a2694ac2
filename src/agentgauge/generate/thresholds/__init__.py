"""`dashboards/thresholds.yaml`: thresholds of alerts, budgets and links, read and checked."""

from __future__ import annotations

from agentgauge.generate.thresholds.file import FILE, parse, read
from agentgauge.generate.thresholds.records import (
    GRAFANA,
    LONGEST_INTERVAL,
    QUERY_OFFSET,
    RUNBOOKS,
    Budget,
    Links,
    Override,
    Setting,
    Thresholds,
)

__all__ = [
    "FILE",
    "GRAFANA",
    "LONGEST_INTERVAL",
    "QUERY_OFFSET",
    "RUNBOOKS",
    "Budget",
    "Links",
    "Override",
    "Setting",
    "Thresholds",
    "parse",
    "read",
]
