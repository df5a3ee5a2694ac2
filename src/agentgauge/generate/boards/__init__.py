"""The five dashboards."""

from __future__ import annotations

from agentgauge.generate.boards.agents import agents
from agentgauge.generate.boards.pipeline import pipeline
from agentgauge.generate.boards.spend import spend
from agentgauge.generate.boards.tools import tools
from agentgauge.generate.boards.traces import traces


def dashboards() -> dict[str, str]:
    """Path below the project -> JSON."""
    made = {"spend": spend, "agents": agents, "tools": tools, "traces": traces, "pipeline": pipeline}
    return {f"dashboards/{name}.json": make() for name, make in made.items()}
