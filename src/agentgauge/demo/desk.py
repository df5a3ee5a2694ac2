"""The researcher's desk: three tools, and how a model's call of one becomes a message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import agentgauge as ag

if TYPE_CHECKING:
    from collections.abc import Callable

ARCHIVE = {
    "heat pump": "Heat pumps sold in Europe: 2.0 million in 2024 and 2.6 million in 2025 (invented numbers).",
    "price": "An installed heat pump cost 11,400 EUR in 2024 and 10,260 EUR in 2025 (invented numbers).",
}


@ag.tool
def search(query: str) -> str:
    """Searches the archive."""
    found = [text for word, text in ARCHIVE.items() if word in query.lower()]
    return "\n".join(found) or "Nothing in the archive."


@ag.tool
def fetch(url: str) -> str:
    """Fetches a page, which fails here always: the demo uses no network."""
    raise ConnectionError(f"{url} cannot be reached from here.")


@ag.tool
def percent_change(before: float, after: float) -> str:
    """The change from one number to another."""
    return f"{100 * (after - before) / before:+.1f} %"


def run_tool(call: Any) -> dict[str, str]:
    """Runs the tool that a model asked for; an error is told to the model as the tool's result."""
    tools: dict[str, Callable[..., str]] = {
        "search": search,
        "fetch": fetch,
        "percent_change": percent_change,
    }
    try:
        result = tools[call.function.name](**json.loads(call.function.arguments))
    except Exception as error:  # noqa: BLE001  # whatever went wrong, the model may try something else
        result = f"{type(error).__name__}: {error}"
    return {"role": "tool", "tool_call_id": call.id, "content": result}


def _declared(name: str, description: str, **parameters: str) -> dict[str, Any]:
    properties = {name: {"type": kind} for name, kind in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    function = {"name": name, "description": description, "parameters": schema}
    return {"type": "function", "function": function}


TOOLS: list[Any] = [
    _declared("search", "Searches an archive of market data. Returns one line per hit.", query="string"),
    _declared("fetch", "Fetches the text of a web page.", url="string"),
    _declared("percent_change", "The change from one number to another.", before="number", after="number"),
]
