"""What the Collector masks in text, wherever an instrumentation put it: keys, tokens, e-mail addresses."""

from __future__ import annotations

from typing import Any

from agentgauge.registry import METRICS
from agentgauge.semconv import CACHE_WRITE_1H, TOOL_COLUMNS

PATTERNS = (
    "sk-(?:proj|ant|admin|svcacct|or)-[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic, OpenRouter
    "sk-[A-Za-z0-9]{20,}",
    "hf_[A-Za-z0-9]{30,}",  # Hugging Face
    "AIza[A-Za-z0-9_-]{35}",  # Google
    "AKIA[A-Z0-9]{16}",  # AWS
    "gh[pousr]_[A-Za-z0-9]{36}",  # GitHub
    "xox[abprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",  # JSON web tokens
    r"Bearer [A-Za-z0-9._~+/-]{16,}",
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]*[A-Za-z]",
)
"""Regular expressions of RE2. All but the last begin with literal text, which Go looks for quickly."""


def redaction() -> dict[str, Any]:
    """The redaction processor's config. Numbers are not looked at: they cannot hold text, only cost time."""
    return {
        "allow_all_keys": True,
        "blocked_values": list(PATTERNS),
        "ignored_keys": numbers(),
        "summary": "silent",
    }


def numbers() -> list[str]:
    """The attributes that are numbers by the contract."""
    summed = {value.attribute for metric in METRICS for value in metric.values if value.attribute}
    columns = {f"agentgauge.tool.{column}" for column in TOOL_COLUMNS}
    others = {"agentgauge.cost.usd", "agentgauge.input.chars", "agentgauge.output.chars", "server.port"}
    others.add(CACHE_WRITE_1H)
    sums = {f"agentgauge.usage.tool_{part}_tokens" for part in ("definition", "result", "call")}
    return sorted(summed | columns | others | sums)
