"""Who pays: sums by the values of a tag, such as team or customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentgauge.report import query
from agentgauge.totals import Totals

if TYPE_CHECKING:
    from agentgauge.store.read import Selection, Store


def tag_rows(store: Store, selection: Selection, tag: str) -> list[dict[str, Any]]:
    """One row per value: `tag`, `value`, T. Calls without the tag have value None, so that all add up."""
    found: dict[str | None, Totals] = {}
    for (text,), sums in query.sums(store, selection, ("tags",)):
        found.setdefault(store.mapping(text).get(tag), Totals()).merge(sums)
    return [{"tag": tag, "value": value} | sums.to_dict() for value, sums in found.items() if sums.calls]
