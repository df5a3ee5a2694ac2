"""dashboards/thresholds.yaml: what is read, what is refused with its line, and what `set` leaves alone."""

from __future__ import annotations

import pytest

from agentgauge.errors import ConfigError
from agentgauge.generate.thresholds import Override, parse
from agentgauge.generate.thresholds.text import default_text, with_threshold


def changed(text, value=0.5, *, indicator="tool_overhead_ratio", **whom):
    override = Override(threshold=0, **whom) if whom else None
    return with_threshold(text, indicator=indicator, override=override, value=value)


def test_the_file_that_is_shipped_says_what_holds_without_one():
    assert parse(default_text(), name="t") == parse("", name="t")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tool_overhead: {}", "t:1: tool_overhead: is unknown; did you mean tool_overhead_ratio?"),
        ("latency: {}", "t:1: latency: is unknown; there are tool_overhead_ratio, "),
        ("\ntool_overhead_ratio:\n  threshhold: 0.2", "t:3: tool_overhead_ratio.threshhold: is unknown"),
        ("tool_overhead_ratio:\n  threshold: 30", "t:2: tool_overhead_ratio.threshold: a ratio is at most 1"),
        ("tool_overhead_ratio:\n  threshold: -1", "t:2: tool_overhead_ratio.threshold: must not be negative"),
        ("tool_overhead_ratio:\n  threshold: high", "t:2: tool_overhead_ratio.threshold: must be a number"),
        ("tool_overhead_ratio:\n  threshold: .nan", "t:2: tool_overhead_ratio.threshold: "),
        ("tool_overhead_ratio:\n  window: 15", "t:2: tool_overhead_ratio.window: must be text"),
        ("tool_overhead_ratio:\n  window: 15 min", "t:2: tool_overhead_ratio.window: must be a duration"),
        ("tool_overhead_ratio:\n  window: 30s", "t:2: tool_overhead_ratio.window: must be at least 1m"),
        ("tool_overhead_ratio:\n  for: 29s", "t:2: tool_overhead_ratio.for: must be at least two flushes"),
        ("tool_overhead_ratio:\n  min_agents: 3", "t:2: tool_overhead_ratio.min_agents: "),
        ("cost_rate:\n  threshold: 5", "t:2: cost_rate.threshold: cost_rate has no alert"),
        ("links:\n  grafana: localhost", "t:2: links.grafana: must begin with http"),
        ("tool_overhead_ratio: 0.3", "t:1: tool_overhead_ratio: must be a mapping"),
        ("- tool_overhead_ratio", "t:1: the file: must be a mapping"),
        ("links: {}\nlinks: {}", "t:2: links: is given twice"),
        ("links: {", "t:1: not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_key(text, expected):
    with pytest.raises(ConfigError) as refused:
        parse(text, name="t")
    assert str(refused.value).startswith(expected)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("{threshold: 0.5}", "t:3: tool_overhead_ratio.overrides.0: names nobody; give service or agent"),
        ("{service: s}", "t:3: tool_overhead_ratio.overrides.0.threshold: is missing"),
        (
            "{service: s, threshold: 50}",
            "t:3: tool_overhead_ratio.overrides.0.threshold: a ratio is at most 1",
        ),
        ("{service: '', threshold: 1}", "t:3: tool_overhead_ratio.overrides.0.service: must not be empty"),
        (
            "{tool: x, threshold: 0.5}",
            "t:3: tool_overhead_ratio.overrides.0.tool: ",
        ),
        (
            "{agent: a, threshold: 0.5}\n  - {agent: a, threshold: 0.6}",
            "t:4: tool_overhead_ratio.overrides.1: is given twice",
        ),
    ],
)
def test_a_mistake_in_an_override_is_named_with_its_line_and_key(item, expected):
    with pytest.raises(ConfigError) as refused:
        parse(f"tool_overhead_ratio:\n  overrides:\n  - {item}\n", name="t")
    assert str(refused.value).startswith(expected)


def test_a_shorter_flush_allows_a_shorter_hold(monkeypatch):
    monkeypatch.setenv("AGENTGAUGE_FLUSH_INTERVAL", "1s")
    assert parse("tool_overhead_ratio: {for: 2s}", name="t").settings["tool_overhead_ratio"].hold == "2s"


def test_set_changes_one_number_and_nothing_else():
    text = default_text()
    assert changed(text, 0.25) == text.replace("threshold: 0.30 ", "threshold: 0.25 ")


def test_set_twice_leaves_one_override():
    text = changed(changed(default_text(), 0.5, service="shop"), 0.7, service="shop")
    (override,) = parse(text, name="t").settings["tool_overhead_ratio"].overrides
    assert override == Override(threshold=0.7, service="shop")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tool_overhead_ratio:\n",
        "tool_overhead_ratio:\n  window: 5m  # short\n",
        "tool_overhead_ratio:\n  window: 5m  # no newline at the end",
        "tool_overhead_ratio:\n  overrides: []\n  window: 5m\n",
        "tool_overhead_ratio:\n  overrides:\n  # mine\n  - agent: a\n    threshold: 0.4\n  # end\n",
        "tool_overhead_ratio:\n  overrides:\n    - {agent: a, threshold: 0.4}  # mine\n  window: 5m\n",
        default_text(),
    ],
)
@pytest.mark.parametrize("whom", [{}, {"service": "s: #1"}, {"service": "yes", "agent": "ä"}, {"agent": "a"}])
def test_set_holds_in_every_layout_and_keeps_all_comments(text, whom):
    after = changed(text, 0.45, **whom)

    setting = parse(after, name="t").settings["tool_overhead_ratio"]
    if whom:
        assert Override(threshold=0.45, **whom) in setting.overrides
    else:
        assert setting.threshold == 0.45
    comments = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    assert all(comment in after for comment in comments)


@pytest.mark.parametrize("whom", [{}, {"agent": "a"}])
def test_set_says_where_a_layout_has_to_be_changed_by_hand(whom):
    with pytest.raises(ConfigError, match=r"yaml:1: .* by hand"):
        changed("tool_overhead_ratio: {window: 5m}\n", 0.5, **whom)
