"""Fits the columns of a table into a terminal: the least important go first, numbers are never cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.box import Box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from agentgauge.report.cells import UNKNOWN, UNPRICED, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE = "    \n"
_BOX = Box(_LINE * 2 + " ── \n" + _LINE * 2 + " ── \n" + _LINE * 2)
_ASCII_BOX = Box(_LINE * 2 + " -- \n" + _LINE * 2 + " -- \n" + _LINE * 2, ascii=True)
_GAP, _TIGHT_GAP = 2, 1
MISSED = 3
_STYLES = {"0": "dim", UNKNOWN: "dim", UNPRICED: "yellow"}
_NAME_WIDTH = 10  # names are cut down to this before a column leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column, all of its cells included.

    Attributes:
        heading: one or two lines.
        cells: one a row.
        total: the cell below the line, "" for none.
        style: of the cells.
        leaves: the lower, the earlier it goes when room is short; None stays. Below `MISSED` nothing goes
            with it that is not said elsewhere.
        stands_for: headings of columns that this one replaces once one of them had to go.
        tight: what it is where room is short.
        is_name: left-justified, and cut when nothing else helps.
    """

    heading: str
    cells: Sequence[str]
    total: str = ""
    style: str = ""
    leaves: int | None = None
    stands_for: tuple[str, ...] = ()
    tight: Column | None = None
    is_name: bool = False

    @property
    def width(self) -> int:
        """Terminal cells that it takes."""
        return max(cell_len(text) for text in (*self.heading.split("\n"), *self.cells, self.total))


def fit(columns: Sequence[Column], *, width: int, ascii_only: bool) -> tuple[list[Column], int, list[str]]:
    """The columns that fit into `width`, the gap between them, and headings of those that a reader may miss.

    Gaps close first, then long names are cut, then columns leave.
    """
    shown = [column for column in columns if not column.stands_for]
    while True:
        if _width(shown, _GAP) <= width:
            return shown, _GAP, _missed(columns, shown)
        tight = [column.tight or column for column in shown]
        cuttable = sum(max(0, column.width - _NAME_WIDTH) for column in tight if column.is_name)
        going = min((c for c in shown if c.leaves is not None), key=lambda c: c.leaves or 0, default=None)
        if going is None or _width(tight, _TIGHT_GAP) - cuttable <= width:
            cut_down = _cut_names(tight, width=width, ascii_only=ascii_only)
            return cut_down, _TIGHT_GAP, _missed(columns, shown)
        shown = _without(shown, going, columns)


def _missed(columns: Sequence[Column], shown: Sequence[Column]) -> list[str]:
    here = {column.heading for column in shown}
    gone = [column for column in columns if column.heading not in here and not column.stands_for]
    return [column.heading.replace("\n", " ") for column in gone if (column.leaves or 0) >= MISSED]


def _width(columns: Sequence[Column], gap: int) -> int:
    return sum(column.width for column in columns) + gap * (len(columns) - 1)


def _without(shown: list[Column], going: Column, columns: Sequence[Column]) -> list[Column]:
    stand_in = next((c for c in columns if going.heading in c.stands_for), None)
    gone = {going.heading, *(stand_in.stands_for if stand_in else ())}
    kept = {c.heading for c in shown} - gone | ({stand_in.heading} if stand_in else set())
    return [column for column in columns if column.heading in kept]


def _cut_names(shown: list[Column], *, width: int, ascii_only: bool) -> list[Column]:
    over = _width(shown, _TIGHT_GAP) - width
    out = []
    for column in shown:
        if column.is_name and over > 0 and column.width > _NAME_WIDTH:
            room = max(_NAME_WIDTH, column.width - over)
            over -= column.width - room
            cells = [cut(text, room, ascii_only=ascii_only) for text in column.cells]
            out.append(replace(column, cells=cells))
        else:
            out.append(column)
    return out


def fitted_table(columns: Sequence[Column], *, width: int, ascii_only: bool) -> tuple[Table, list[str]]:
    """A table at most `width` wide, and the headings of columns that a reader may miss in it."""
    shown, gap, missed = fit(columns, width=width, ascii_only=ascii_only)
    footer = any(column.total for column in shown)
    made = Table(
        box=_ASCII_BOX if ascii_only else _BOX,
        show_edge=False,
        pad_edge=False,
        padding=(0, gap - 1, 0, 0),
        show_footer=footer,
        header_style="dim",
        footer_style="bold",
        border_style="dim",
        safe_box=False,
    )
    for column in shown:
        made.add_column(
            Text(column.heading),
            Text(column.total),
            justify="left" if column.is_name else "right",
            style=column.style,
            no_wrap=True,
            width=column.width,
            vertical="bottom",
        )
    for row in zip(*(column.cells for column in shown), strict=True):
        made.add_row(*(Text(cell, style=_STYLES.get(cell.strip(), "")) for cell in row))
    return made, missed
