"""One value in a cell: nothing that exists reads as nothing, and nothing steers the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgauge.report import cells


@pytest.mark.parametrize(
    ("nanousd", "text"),
    [
        (0, "$0.00"),
        (1, "$0.000000001"),
        (949_000, "$0.000949"),
        (17_471_100, "$0.0175"),
        (500_000_000, "$0.50"),
        (999_999_999, "$1.00"),
        (1_234_567_890, "$1.23"),
        (1_234_567_890_000, "$1,234.57"),
    ],
)
def test_money(nanousd, text):
    assert cells.money(nanousd) == text


@given(st.integers(1, 10**20))
def test_money_is_never_shown_as_nothing(nanousd):
    assert any(digit in cells.money(nanousd) for digit in "123456789")


@given(st.integers(1, 10**20))
def test_money_is_within_half_a_per_cent_or_half_a_cent(nanousd):
    shown = round(float(cells.money(nanousd).strip("$").replace(",", "")) * 1e9)
    assert abs(shown - nanousd) <= max(nanousd * 0.005, 5_000_000 if nanousd >= 10**9 else 0)


def test_an_unknown_price_is_unpriced_and_no_tokens_cost_nothing_known():
    assert cells.cost({"cost_nanousd": None, "unpriced_tokens": 5}) == "unpriced"
    assert cells.cost({"cost_nanousd": None, "unpriced_tokens": 0}) == "-"
    assert cells.cost({"cost_nanousd": 10**9, "unpriced_tokens": 5}, estimated=True) == "~$1.00+"


def test_a_small_share_is_seen():
    assert cells.percent(0.0001) == "<1%"
    assert cells.bar(0.0001, width=4, ascii_only=False) == "▏   "
    assert cells.bar(0.0001, width=4, ascii_only=True) == "#   "


def test_names_cannot_steer_the_terminal():
    assert cells.name("a\x1b[31m\nb\u202e") == "a?[31m?b?"


def test_a_name_is_cut_by_the_cells_it_takes():
    assert cells.cut("研究者研究者", 7, ascii_only=False) == "研究者…"
