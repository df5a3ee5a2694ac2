"""What the simulated server is told to do in the demo: answers, a 429, a 500, and a stream cut short."""

from __future__ import annotations

from typing import Any

from agentgauge.demo.program import DRAFT_CHUNKS, Models

TOPIC = "heat pumps in Europe"
RETRY_AFTER_MS = 50

_QUESTIONS = ["How many heat pumps were sold?", "What does one cost?"]
_DRAFT = "In an age of turbines and towers, as the continent dreams of warmth, " * 4
_REPORT = (
    "Sales of heat pumps in Europe grew by 30 % to 2.6 million. An installed one costs 10 % less than a year "
    "before. Who waits pays less, and waits longer for an installer."
)


def api_key(agent: str) -> str:
    """The simulated server's key of an agent: it keeps one book per key."""
    return f"sim-{agent}"


def script(models: Models) -> list[dict[str, Any]]:
    """One script per API key, to be posted to the server."""
    rules = {
        "planner": [
            {"status": 429, "retry_after_ms": RETRY_AFTER_MS},
            {"json_answer": {"questions": _QUESTIONS}},
            {"answer": "Approved."},
        ],
        "researcher": [*_research(models.researcher), *_memory(models.memory)],
        "writer": [
            {"stream": False, "answer": "Heat pumps: more sold, for less"},
            {"stream": True, "answer": _DRAFT, "stall_after_chunks": DRAFT_CHUNKS},
            {"stream": True, "answer": _REPORT},
        ],
    }
    return [{"api_key": api_key(agent), "rules": of_agent} for agent, of_agent in rules.items()]


def _research(model: str) -> list[dict[str, Any]]:
    search = {"name": "search", "arguments": {"query": "heat pump sales and price"}}
    fetch = {"name": "fetch", "arguments": {"url": "https://heat-pumps.example/2025"}}
    change = {"name": "percent_change", "arguments": {"before": 2.0, "after": 2.6}}
    answers: list[dict[str, Any]] = [
        {"tool_calls": [search, fetch]},
        {"tool_calls": [change]},
        {"answer": "2.6 million were sold in 2025. That is 30 % more than the year before."},
        {"status": 500, "retry_after_ms": RETRY_AFTER_MS},
        {"tool_calls": [search]},
        {"answer": "One costs 10,260 EUR, installed. That is 10 % less than the year before."},
    ]
    return [{"model": model, **answer} for answer in answers]


def _memory(model: str) -> list[dict[str, Any]]:
    return [{"model": model, "times": None, "json_answer": {"facts": ["The market for heat pumps grows."]}}]
