"""The dashboards' uids: they stay, since alerts and bookmarks have them in their links."""

SPEND, AGENTS, TOOLS, TRACES, PIPELINE = (
    f"agentgauge-{name}" for name in ("spend", "agents", "tools", "traces", "pipeline")
)
