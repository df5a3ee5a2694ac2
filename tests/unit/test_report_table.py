"""The report as tables, as a reader sees it."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from report_store import StoreFile, write_newsroom
from rich.cells import cell_len
from rich.console import Console

from agentgauge.report.build import build_report
from agentgauge.report.layout import Column, fit
from agentgauge.report.table import render_bill, render_report
from agentgauge.store.read import Selection


@pytest.fixture
def newsroom(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    store = StoreFile(tmp_path / "store.sqlite")
    write_newsroom(store)
    yield build_report(store.path, Selection(run_id="run-1"))
    monkeypatch.undo()
    time.tzset()


def shown(report, *, width, render=render_report, encoding="utf-8", **options):
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    render(report, Console(file=file, width=width, color_system=None, highlight=False), **options)
    return "\n".join(line.rstrip() for line in raw.getvalue().decode(encoding).splitlines())


def test_a_hundred_columns_hold_every_column_of_agents(newsroom):
    assert shown(newsroom, width=100, by=["agent"]) == snapshot("""\
agentgauge  support-bot · run run-1 · 2026-01-05 10:00:01 to 10:00:07 UTC · ticket T-42

Agents
                                                          tool   tool tool
agent      role      calls    input output reason cached   def result call      cost share source
────────────────────────────────────────────────────────────────────────────────────────────────────
researcher responder     2  100,214  4,065      - 12,800 2,080  3,300   64   $0.0175   80% provider
writer     responder     2    6,500  4,096      -      0     0      0    0  $0.00343   16% mixed
planner    planner       1    1,234    321    128      0     0      0    0 $0.000949    4% provider
researcher memory        1   ~2,210   ~140      -      0     0      0    0  unpriced     - estimated
────────────────────────────────────────────────────────────────────────────────────────────────────
total                    6 ~110,158 ~8,622    128 12,800 2,080  3,300   64 ~$0.0219+       mixed

total  6 calls · ~110,158 in · ~8,622 out · ~$0.0219+ · 1 failed · 2 retries
~ counted here, not by the server · + some of it has no price
tool def and result are part of input, call of output
! 1 call of 6: the server did not report all usage, so tokens and cost (~) were counted here. For
  streams, ask for it: stream_options={"include_usage": True}, or AGENTGAUGE_STREAM_USAGE.
! 1 call of 6 without known usage (failed or unfinished): they add nothing to these sums. Compare
  with the provider's own bill.
! 2,350 tokens have no price: mistral-7b (unknown provider). Their cost is unknown, not 0. If a
  public provider answers there, name it: AGENTGAUGE_PROVIDERS=host:port=provider; for prices of
  your own, `agentgauge doctor` prints the file.\
""")


def test_eighty_columns_keep_what_matters_most(newsroom):
    assert shown(newsroom, width=80, by=["agent", "tool"]) == snapshot("""\
agentgauge  support-bot · run run-1 · 2026-01-05 10:00:01 to 10:00:07 UTC
            ticket T-42

Agents
                                             tool
agent      role      calls    input output tokens      cost share source
───────────────────────────────────────────────────────────────────────────
researcher responder     2  100,214  4,065  5,444   $0.0175   80% provider
writer     responder     2    6,500  4,096      0  $0.00343   16% mixed
planner    planner       1    1,234    321      0 $0.000949    4% provider
researcher memory        1   ~2,210   ~140      0  unpriced     - estimated
───────────────────────────────────────────────────────────────────────────
total                    6 ~110,158 ~8,622  5,444 ~$0.0219+       mixed

Tools
                                                  result result
tool   agent      offered called ran failed   def    new  again      cost source
────────────────────────────────────────────────────────────────────────────────
search researcher       2      2   2      1 2,080  3,300      0 $0.000312 exact

total  6 calls · ~110,158 in · ~8,622 out · ~$0.0219+ · 1 failed · 2 retries
~ counted here, not by the server · + some of it has no price
tool def and result are part of input, call of output
no room for: reasoning, cached, tool def, tool result, tool call, call new
see them in a wider terminal or --format json
! 1 call of 6: the server did not report all usage, so tokens and cost (~) were
  counted here. For streams, ask for it: stream_options={"include_usage": True},
  or AGENTGAUGE_STREAM_USAGE.
! 1 call of 6 without known usage (failed or unfinished): they add nothing to
  these sums. Compare with the provider's own bill.
! 2,350 tokens have no price: mistral-7b (unknown provider). Their cost is
  unknown, not 0. If a public provider answers there, name it:
  AGENTGAUGE_PROVIDERS=host:port=provider; for prices of your own, `agentgauge
  doctor` prints the file.\
""")


def test_the_bill_is_agents_tools_and_a_total(newsroom):
    titles = [line for line in shown(newsroom, width=100, render=render_bill).splitlines() if line.istitle()]
    assert titles == ["Agents", "Tools"]


def test_by_default_all_tables_with_something_to_tell_are_there(newsroom):
    lines = shown(newsroom, width=100).splitlines()
    assert [line for line in lines if line in {"Agents", "Workflows", "Roles", "Models", "Tools"}] == [
        "Agents", "Workflows", "Roles", "Models", "Tools",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal(newsroom, width):
    assert max(cell_len(line) for line in shown(newsroom, width=width).splitlines()) <= width


def test_an_ascii_terminal_gets_ascii(newsroom):
    newsroom["agents"][0]["agent"] = "研究者"
    assert shown(newsroom, width=100, encoding="ascii").isascii()


def test_columns_that_had_to_go_are_named(newsroom):
    assert "no room for: reasoning, cached" in shown(newsroom, width=80)


def test_markup_in_a_name_is_text(newsroom):
    newsroom["agents"][0]["agent"] = "[red]boss[/red]"
    assert "[red]boss" in shown(newsroom, width=160)


numbers = st.integers(0, 10**9).map(lambda n: f"{n:,}")


@settings(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=6), st.text(min_size=1, max_size=40), st.integers(30, 160))
def test_numbers_are_never_cut(texts, name, width):
    columns = [Column(heading="name", cells=[name], is_name=True)]
    columns += [Column(heading=f"n{i}", cells=[text], leaves=i + 1) for i, text in enumerate(texts)]
    kept, gap, _ = fit(columns, width=width, ascii_only=False)
    assert sum(column.width for column in kept) + gap * (len(kept) - 1) <= width
    assert {column.cells[0] for column in kept[1:]} <= set(texts)


def test_estimated_tool_tokens_are_marked_in_steps_too(newsroom):
    for tool in newsroom["tools"]:
        tool["source"] = "estimated"
    (step,) = [line for line in shown(newsroom, width=160).splitlines() if "step 2/2 answer" in line]
    assert "~2,080" in step


def test_a_tag_has_a_table_of_its_values(tmp_path):
    store = StoreFile(tmp_path / "store.sqlite")
    store.process()
    store.call(tags='{"customer":"acme"}', cost_nanousd=30_000_000, input_tokens=100, output_tokens=20)
    store.call(tags='{"customer":"zeta"}', cost_nanousd=9_000_000, input_tokens=50, output_tokens=10)
    store.call(cost_nanousd=1_000_000, input_tokens=5, output_tokens=1)
    report = build_report(store.path, Selection(run_id="run-1"), tags=["customer"])

    assert shown(report, width=80, by=["tag:customer"]) == snapshot("""\
agentgauge  support-bot · run run-1 · 2026-01-05 10:00:01 to 10:00:02 UTC

Tag customer
                                          tool   tool tool
customer calls input output reason cached  def result call   cost share source
────────────────────────────────────────────────────────────────────────────────
acme         1   100     20      -      0    0      0    0  $0.03   75% provider
zeta         1    50     10      -      0    0      0    0 $0.009   22% provider
-            1     5      1      -      0    0      0    0 $0.001    2% provider
────────────────────────────────────────────────────────────────────────────────
total        3   155     31      -      0    0      0    0  $0.04       provider

total  3 calls · 155 in · 31 out · $0.04
all usage from source: provider\
""")
