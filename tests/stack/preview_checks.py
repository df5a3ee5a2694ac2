"""The dashboards in a browser, drawn by Grafana's own packages: what each panel shows, in dark and in light.

A preview, not Grafana. `make preview` runs it, and `make test` does not: Grafana's packages are 660 MB.
"""

import copy
import json
import re
import shutil
from urllib.parse import parse_qsl

import pytest
from board_queries import BOARDS, DEMO, RECORDED_WITHIN_S, SOMETIMES, WITHOUT_DATA, filled_in
from eventually import eventually

import drawing
from agentgauge.stack.shipped import shipped
from board_parts import panels, prometheus_targets

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
USD, PERCENT, COUNT = r"^\$[\d.]+$", r"^[\d.]+%$", r"^[\d.]+( K)?$"
MAY_BE_EMPTY = WITHOUT_DATA | SOMETIMES
PICTURES = drawing.ROOT / "build" / "preview"
SEARCH = drawing.HERE / "search.json"
"""What Tempo answers to a search: two traces, the one that is listed last is the dearer."""


@pytest.fixture(scope="session")
def chromium():
    """Asked for before the stack starts, so that what is missing is said at once."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if drawing.chromium() is None:
        missing.append("a Chromium (or name its binary in AGENTGAUGE_CHROMIUM)")
    if missing:
        pytest.fail(f"the preview needs {' and '.join(missing)}", pytrace=False)


def recorded():
    """Queries of what rules have recorded lately, for panels that are to show something."""
    for name, board in BOARDS.items():
        for panel, target in prometheus_targets(board):
            if "agentgauge:" in target["expr"] and (name, panel["title"]) not in MAY_BE_EMPTY:
                yield f"last_over_time(({filled_in(target['expr'])})[15m:15s])"


@pytest.fixture(scope="module")
def drawn(chromium, stack, load, budgets, tmp_path_factory):
    """(dashboard, theme, width) -> what is shown."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    eventually(lambda: stack.query(f'agentgauge_calls_total{{service_name="{DEMO}"}}'))
    for query in recorded():
        eventually(lambda asked=query: stack.query(asked), within_s=RECORDED_WITHIN_S)
    wanted = [(name, *look) for name in BOARDS for look in (("dark", 1280), ("light", 1920))]
    asked = [
        drawing.Drawing(
            dashboard=str(shipped(f"dashboards/{name}.json")),
            theme=theme,
            width=width,
            picture=str(PICTURES / f"{name}-{theme}-{width}.png"),
            query={"from": "now-15m", "unfold": "1"},
        )
        for name, theme, width in wanted
    ]
    scratch = tmp_path_factory.mktemp("preview")
    found = drawing.draw(stack.url("prometheus"), asked, scratch, traces=SEARCH)
    return dict(zip(wanted, found, strict=True))


@pytest.fixture(params=[("dark", 1280), ("light", 1920)], ids=["dark", "light"])
def boards(request, drawn):
    """name -> what is shown, in one theme."""
    return {name: drawn[name, *request.param] for name in BOARDS}


@pytest.mark.parametrize("name", BOARDS)
def test_nothing_goes_wrong(boards, name):
    assert list(drawing.faults(boards[name])) == []


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_shows_something(boards, name):
    shown = drawing.texts(boards[name])
    none = {panel["title"]: panel.get("none") for panel in boards[name]["panels"]}
    empty = {title for title, lines in shown.items() if not lines or lines in ([none[title]], ["No data"])}

    assert empty - {title for board, title in MAY_BE_EMPTY if board == name} == set()


@pytest.mark.parametrize(
    ("name", "title", "expected"),
    [
        ("spend", "Per hour", [USD]),
        ("spend", "Today", [USD]),
        ("spend", "This month", [USD]),
        ("spend", "Unpriced", [PERCENT]),
        ("spend", "Cost by agent", ["^planner$", USD, "^writer$", "^researcher$"]),
        ("spend", "Cost by tool", ["^search$", USD, "^unused$"]),
        ("spend", "Cost by model", ["^gpt-4o$", USD]),
        ("spend", "Cost per hour by agent", ["^planner$", "^researcher$", "^writer$"]),
        ("spend", "Unpriced tokens by model", ["^mystery-1$", COUNT]),
        ("spend", "Budgets of this month", ["^Used$", "^researcher$", USD, PERCENT]),
        ("spend", "Agents", ["^Agent$", "^Cost$", "^Share$", "^writer$", USD, PERCENT]),
        ("agents", "Calls", [COUNT]),
        ("agents", "Errors", [PERCENT]),
        ("agents", "Tokens by kind", ["^new input$", "^reasoning$", COUNT]),
        ("agents", "All agents", ["^Agent$", "^Tool overhead$", "^researcher$", PERCENT, "ms$"]),
        ("agents", "Duration of calls", ["^half$", "^95 %$"]),
        ("agents", "planner: errors", ["^RateLimitError$", "^1$"]),
        ("tools", "Overhead", [PERCENT]),
        ("tools", "Agents and their tools", ["^Carried result$", "^search$", "^researcher$", COUNT]),
        ("tools", "Offered and never called", ["^unused$", "^planner$", r"^\$"]),
        ("tools", "Expensive combinations", ["^gpt-4o-mini$", "^definition$", USD]),
        ("tools", "Failed runs by tool", ["^fetch$", COUNT]),
        ("traces", "Runs by workflow", ["^market-report$", COUNT]),
        ("traces", "Dearest runs", ["^Workflow$", "^Calls$", "^Cost$", "^market-report$", r"^\$0.00950$"]),
        ("traces", "Dearest calls", ["^writer$", "^gpt-4o$", r"^\$0.0274$", "^5.91 K$"]),
        ("traces", "Slowest runs", [r"^2.40 s$"]),
        ("traces", "Failed", ["^RateLimitError$"]),
        ("pipeline", "Late calls", ["^1$"]),
        ("pipeline", "Series by metric", ["^agentgauge.tool.tokens$", COUNT]),
        ("pipeline", "Spans through the Collector", ["^received$", "^counted$"]),
    ],
)
def test_a_panel_shows(boards, name, title, expected):
    lines = drawing.texts(boards[name])[title]

    assert [pattern for pattern in expected if not any(re.search(pattern, line) for line in lines)] == []


def test_runs_are_sorted_by_their_cost_as_a_number(boards):
    lines = drawing.texts(boards["traces"])["Dearest runs"]

    assert [line for line in lines if line.startswith("$")] == ["$0.0423", "$0.00950"]


@pytest.mark.parametrize(
    ("name", "panel", "link", "uid", "set_to"),
    [
        ("spend", "Cost by agent", "This agent", "agents", ("agent", "focus")),
        ("spend", "Agents", "This agent", "agents", ("agent", "focus")),
        ("spend", "Cost by tool", "This tool", "tools", ("tool",)),
        ("tools", "Agents and their tools", "Only this tool", "tools", ("tool",)),
        ("traces", "Dearest runs", "Show it below", "traces", ("trace",)),
    ],
)
def test_a_link_leads_to_a_dashboard_with_the_same_variables_and_time(boards, name, panel, link, uid, set_to):
    (found,) = [one["links"][link] for one in boards[name]["panels"] if one["title"] == panel]
    path, _, query = found.partition("?")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    kept = ("datasource", "traces", "service", "environment", "agent", "role", "model", "tool")

    assert path == f"/d/agentgauge-{uid}"
    assert {f"var-{one}" for one in kept} <= set(asked)
    assert (asked["from"], asked["to"]) == ("now-15m", "now")
    assert {asked[f"var-{one}"] for one in set_to} <= set(drawing.texts(boards[name])[panel])


def test_without_a_budget_the_panel_says_so(stack, drawn, tmp_path):
    board = json.dumps(BOARDS["spend"]).replace("agentgauge:budget{", "agentgauge:no_budget{")
    board = board.replace('indicator=\\"budget_', 'indicator=\\"no_budget_')
    (tmp_path / "spend.json").write_text(board)

    (found,) = drawing.draw(
        stack.url("prometheus"), [drawing.Drawing(dashboard=str(tmp_path / "spend.json"))], tmp_path
    )

    assert drawing.texts(found)["Budgets of this month"] == ["no budget set"]


def test_planted_faults_are_seen(stack, drawn, tmp_path):
    board = copy.deepcopy(BOARDS["spend"])
    stat, lines = (
        next(one for one in panels(board) if one["type"] == kind) for kind in ("stat", "timeseries")
    )
    stat["targets"][0]["expr"] = "sum(nothing{"
    lines["fieldConfig"]["defaults"]["custom"]["lineColour"] = "red"
    (tmp_path / "faulty.json").write_text(json.dumps(board))
    asked = drawing.Drawing(dashboard=str(tmp_path / "faulty.json"))

    (found,) = drawing.draw(stack.url("prometheus"), [asked], tmp_path)

    said = "\n".join(drawing.faults(found))
    assert re.search(r"'Per hour': bad_data: .*parse error", said)
    assert "'Cost per hour by agent': nothing knows custom.lineColour" in said
