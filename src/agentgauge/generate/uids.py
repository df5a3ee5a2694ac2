"""The dashboards' uids: they stay, since alerts and bookmarks have them in their links."""

SPEND, AGENTS, TOOLS, TRACES, PIPELINE = (
    f"agentgauge-{name}" for name in ("spend", "agents", "tools", "traces", "pipeline")
)
_BY_FIRST_WORD = {
    SPEND: ("budget", "cost", "estimated", "month", "unpriced"),
    TOOLS: ("tool", "unused"),
    PIPELINE: (
        "missing",
        "outbox",
        "queue",
        "refused",
        "series",
        "storage",
        "telemetry",
        "uncertain",
        "watchdog",
    ),
}


def of_indicator(name: str) -> str:
    """The dashboard that draws an indicator, by the first word of its name; else that of agents."""
    first = name.partition("_")[0]
    return next((uid for uid, words in _BY_FIRST_WORD.items() if first in words), AGENTS)
