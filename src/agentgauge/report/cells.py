"""How one value looks in a table: tokens, money, shares, names."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, set_cell_size

UNKNOWN = "-"
UNPRICED = "unpriced"
_USD = 10**9
_SIGNIFICANT = 3
_EIGHTHS = " ▏▎▍▌▋▊▉"


def tokens(value: int | None, *, estimated: bool = False) -> str:
    """`12,345`, `~12,345` when it was counted here, `-` when nobody knows."""
    if value is None:
        return UNKNOWN
    return f"~{value:,}" if estimated and value else f"{value:,}"


def money(nanousd: int) -> str:
    """USD with two decimals, or as many as three digits need below one dollar: never 0 for what is not 0."""
    if nanousd == 0:
        return "$0.00"
    decimals = 2
    if nanousd < _USD:
        decimals = min(9, 9 - len(str(nanousd)) + _SIGNIFICANT)
    unit = 10 ** (9 - decimals)
    whole, fraction = divmod((nanousd + unit // 2) // unit, 10**decimals)
    digits = f"{fraction:0{decimals}d}"
    return f"${whole:,}.{digits[:2]}{digits[2:].rstrip('0')}"


def cost(row: dict[str, int | None], *, estimated: bool = False) -> str:
    """A row's cost; `+` after it when some of its tokens have no price."""
    nanousd, unpriced_tokens = row["cost_nanousd"], row.get("unpriced_tokens")
    if nanousd is None:
        return UNPRICED if unpriced_tokens else UNKNOWN
    return ("~" if estimated and nanousd else "") + money(nanousd) + ("+" if unpriced_tokens else "")


def on_the_point(texts: list[str]) -> list[str]:
    """Amounts of one column, filled up on the right so that their decimal points stand in one line."""
    tails = [len(text) - text.find(".") if "." in text else 0 for text in texts]
    longest = max(tails, default=0)
    return [text + " " * (longest - tail) if tail else text for text, tail in zip(texts, tails, strict=True)]


def percent(share: float | None) -> str:
    """`62%`, `<1%` for what is more than nothing, `-` when there is no share."""
    if share is None:
        return UNKNOWN
    return "<1%" if 0 < share < 0.01 else f"{share:.0%}"  # noqa: PLR2004  # one per cent


def bar(share: float | None, *, width: int, ascii_only: bool) -> str:
    """A bar `width` cells long, in eighths of a cell where the terminal has them; never empty for some."""
    if not share or share < 0:
        return " " * width
    if ascii_only:
        return ("#" * max(1, round(min(share, 1) * width))).ljust(width)
    full, eighth = divmod(max(1, round(min(share, 1) * width * 8)), 8)
    return ("█" * full + (_EIGHTHS[eighth] if eighth else "")).ljust(width)


def name(text: str | None, *, ascii_only: bool = False) -> str:
    """A name from outside on one line; control characters, which could steer the terminal, become `?`."""
    if text is None:
        return UNKNOWN
    shown = "".join("?" if unicodedata.category(c).startswith("C") else c for c in text)
    return shown.encode("ascii", "replace").decode() if ascii_only else shown


def cut(text: str, width: int, *, ascii_only: bool) -> str:
    """At most `width` terminal cells."""
    if cell_len(text) <= width:
        return text
    dots = "..." if ascii_only else "…"
    return set_cell_size(text, max(0, width - len(dots))) + dots[:width]
