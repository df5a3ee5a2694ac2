"""Colours of series whose names are known: two words of one panel must not look alike, and red means bad.

An agent, tool or model has the colour of its name in Grafana's palette, since nobody knows them beforehand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.call import Outcome, UsageSource
from agentgauge.generate.grafana.fields import Override
from agentgauge.registry import PART
from agentgauge.registry_records import prometheus_label

if TYPE_CHECKING:
    from collections.abc import Iterable

WORDS: dict[str, dict[str, str]] = {
    prometheus_label("agentgauge.outcome"): {
        Outcome.OK: "green",
        Outcome.ERROR: "red",
        Outcome.CANCELLED: "orange",
        Outcome.UNFINISHED: "purple",
    },
    prometheus_label("agentgauge.usage.source"): {
        UsageSource.PROVIDER: "green",
        UsageSource.MIXED: "yellow",
        UsageSource.ESTIMATED: "orange",
        UsageSource.NONE: "red",
    },
    prometheus_label(PART): {
        "definition": "purple",
        "new_result": "blue",
        "carried_result": "super-light-blue",
        "call": "orange",
        "carried_call": "super-light-orange",
    },
}
"""Label -> its values and their colours."""
_IN_ORDER = ("blue", "orange", "green", "purple", "yellow")


def of_words(labels: Iterable[str], legends: Iterable[str]) -> tuple[Override, ...]:
    """Fixed colours for the values of labels that have few, and for a panel's own words in their order."""
    known = {word: colour for label in labels for word, colour in WORDS.get(label, {}).items()}
    known |= dict(zip(legends, _IN_ORDER, strict=False))
    return tuple(_fixed(word, colour) for word, colour in known.items())


def _fixed(word: str, colour: str) -> Override:
    properties = {"color": {"mode": "fixed", "fixedColor": colour}}
    return Override(matcher="byName", options=word, properties=properties)
