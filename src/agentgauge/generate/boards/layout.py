"""Where panels stand: sections of lines, in Grafana's grid of 24 columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grafanalib import core

from agentgauge.generate.grafana.board import Row

if TYPE_CHECKING:
    from agentgauge.generate.grafana.panel import Panel

_COLUMNS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Panels beside each other, of one height; widths in columns, equal where none are given.

    `places`: how many fit beside each other, where these panels are fewer.
    """

    panels: tuple[Panel, ...]
    height: int = 8
    widths: tuple[int, ...] = ()
    places: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lines under a heading that folds them; the first section of a dashboard has none."""

    lines: tuple[Line, ...]
    title: str = ""
    folded: bool = False


def placed(sections: tuple[Section, ...]) -> list[core.Panel]:
    """The panels of a dashboard, with ids in their order from the top."""
    found: list[core.Panel] = []
    ids, y = iter(range(1, 1000)), 0
    for section in sections:
        row = None
        if section.title:
            place = core.GridPos(h=1, w=_COLUMNS, x=0, y=y)
            row = Row(title=section.title, collapsed=section.folded, id=next(ids), gridPos=place)
            found.append(row)
            y += 1
        inside = row.panels if row is not None and section.folded else found
        for line in section.lines:
            _place(line, y)
            for panel in line.panels:
                panel.id = next(ids)
            inside.extend(line.panels)
            y += line.height
    return found


def _place(line: Line, y: int) -> None:
    widths = line.widths or (_COLUMNS // (line.places or len(line.panels)),) * len(line.panels)
    x = 0
    for panel, width in zip(line.panels, widths, strict=True):
        panel.gridPos = core.GridPos(h=line.height, w=width, x=x, y=y)
        x += width
