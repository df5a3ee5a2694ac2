"""Names of series, where Grafana's panels look for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentgauge.generate.panels import Query


def letter(number: int) -> str:
    """The refId of a panel's query: A, B, and so on."""
    return chr(ord("A") + number)


def as_fields(queries: tuple[Query, ...]) -> list[dict[str, Any]]:
    """Transformations that make the label the field's own name.

    The palette by name hashes that name, and what a legend makes of it only where something has asked for the
    legend before: bars, and a line that is alone, would have the colour of the word `Value`.
    """
    found = []
    for label in dict.fromkeys(query.by for query in queries if query.by):
        options = {"keepLabels": [label], "mode": "columns", "valueLabel": label}
        step: dict[str, Any] = {"id": "labelsToFields", "options": options}
        of_label = [letter(number) for number, query in enumerate(queries) if query.by == label]
        # A filter moves what it lets through, so it is there only where there is something else.
        if len(of_label) < len(queries):
            step["filter"] = {"id": "byRefId", "options": of_label[0]}
        found.append(step)
    return found
