"""Every metric and indicator, once; the Collector's config, rules, dashboards, reference come from it."""

from __future__ import annotations

from agentgauge.registry.budgets import BUDGETS, SPEND_KEPT
from agentgauge.registry.health import HEALTH
from agentgauge.registry.metrics import (
    AGENT,
    CALL_LABELS,
    CALL_OPERATIONS,
    CALLS,
    COST,
    LATE_AFTER,
    METRICS,
    MODEL,
    OPERATION,
    OUTBOX_REASON,
    PART,
    SCALE_NANO,
    TOKENS,
    TOOL,
    TOOL_PARTS,
    WITHOUT_USAGE,
    metric,
)
from agentgauge.registry.quality import QUALITY
from agentgauge.registry.tools import OVERHEAD, TOOL_USE
from agentgauge.registry.usage import USAGE

INDICATORS = (*TOOL_USE, *USAGE, *BUDGETS, *QUALITY, *HEALTH)
"""All that the rules record, in the order of the reference page and of thresholds.yaml."""

__all__ = [
    "AGENT",
    "CALLS",
    "CALL_LABELS",
    "CALL_OPERATIONS",
    "COST",
    "INDICATORS",
    "LATE_AFTER",
    "METRICS",
    "MODEL",
    "OPERATION",
    "OUTBOX_REASON",
    "OVERHEAD",
    "PART",
    "SCALE_NANO",
    "SPEND_KEPT",
    "TOKENS",
    "TOOL",
    "TOOL_PARTS",
    "WITHOUT_USAGE",
    "metric",
]
