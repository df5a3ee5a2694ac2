"""How a panel shows its values: unit, colours, thresholds, links, overrides of single fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

ColourMode = Literal["thresholds", "palette-classic-by-name", "fixed"]
BY_NAME: ColourMode = "palette-classic-by-name"
"""A colour by the series' name, so that an agent has the same one in every panel."""
Step = tuple[float | None, str]
"""From this value on, this colour; the first step has no value: it is what lies below all others."""
PLAIN: tuple[Step, ...] = ((None, "text"),)


def absolute(steps: tuple[Step, ...]) -> dict[str, Any]:
    """Colours from values on, as Grafana writes them."""
    return {"mode": "absolute", "steps": [{"color": colour, "value": value} for value, colour in steps]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a value: its title, and a URL in which Grafana fills in fields and variables."""

    title: str
    url: str

    def to_json_data(self) -> dict[str, Any]:
        """As Grafana writes it."""
        return {"title": self.title, "url": self.url}


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Properties of the fields that a matcher finds.

    Attributes:
        matcher: `byName` with a column's title, `byFrameRefID` with a query's id.
        options: what the matcher looks for.
        properties: id -> value, such as `unit` or `custom.lineStyle`.
    """

    matcher: Literal["byName", "byFrameRefID"]
    options: str
    properties: dict[str, Any]

    def to_json_data(self) -> dict[str, Any]:
        """As Grafana writes it."""
        return {
            "matcher": {"id": self.matcher, "options": self.options},
            "properties": [{"id": name, "value": value} for name, value in self.properties.items()],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """`fieldConfig` of a panel; what is None is left to Grafana."""

    unit: str
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    no_value: str | None = None
    colour: ColourMode = "thresholds"
    steps: tuple[Step, ...] = PLAIN
    links: tuple[Link, ...] = ()
    custom: dict[str, Any] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    def to_json_data(self) -> dict[str, Any]:
        """As Grafana writes it."""
        some = {
            "unit": self.unit,
            "decimals": self.decimals,
            "min": self.least,
            "max": self.most,
            "noValue": self.no_value,
            "links": [link.to_json_data() for link in self.links] or None,
            "custom": self.custom or None,
        }
        defaults = {name: value for name, value in some.items() if value is not None}
        defaults |= {
            "color": {"mode": self.colour},
            "mappings": [],
            "thresholds": absolute(self.steps),
        }
        return {"defaults": defaults, "overrides": [one.to_json_data() for one in self.overrides]}
