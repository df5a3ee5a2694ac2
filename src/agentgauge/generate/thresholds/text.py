"""The text of `dashboards/thresholds.yaml`: the file that a user starts from, and one value set in a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from agentgauge.errors import ConfigError
from agentgauge.generate.thresholds.file import FILE, parse
from agentgauge.generate.thresholds.records import (
    GRAFANA,
    LONGEST_INTERVAL,
    QUERY_OFFSET,
    RUNBOOKS,
    Override,
    Thresholds,
)
from agentgauge.registry import INDICATORS

if TYPE_CHECKING:
    from agentgauge.registry_records import Indicator

_HEAD = """\
# Thresholds of agentgauge's alerts: yours to edit, by hand or with `agentgauge thresholds set`.
# `agentgauge generate` writes the Prometheus rules from it. What is left out has its default, shown here.
# An override names a service, an agent, a tool (where there is one), or several; the most specific holds:
#   overrides:
#     - {service: support-bot, agent: researcher, threshold: 0.5}
"""
_SILENT = "  # no alert; the window of its recording rule"
_BESIDE = f"""\
# USD a calendar month (UTC), for a service in all its environments, or for one agent of it:
#   budgets:
#     - {{service: support-bot, usd_per_month: 500}}
#     - {{service: support-bot, agent: researcher, usd_per_month: 200}}
budgets: []

# How far behind now the rules look, so that the Collector's last flush is in; at least one flush.
query_offset: {QUERY_OFFSET}

# Rules that look back hours or a month are evaluated every minute or two; here, no later than this.
longest_interval: {LONGEST_INTERVAL}

links:
  grafana: {GRAFANA}
  runbooks: {RUNBOOKS}
"""


def default_text() -> str:
    """All defaults, written out."""
    return "\n".join([_HEAD, *filter(None, map(_block, INDICATORS)), _BESIDE])


def _block(indicator: Indicator) -> str:
    alert = indicator.alert
    window = [f"window: {indicator.window}"] if indicator.window else []
    if alert is None:
        lines = [f"{line}{_SILENT}" for line in window]
    else:
        lines = [] if alert.fixed else [f"threshold: {alert.threshold:.2f}  # {alert.name} above it"]
        lines += [*window, f"for: {alert.hold}"]
        lines += [f"min_tokens: {alert.least_tokens}"] if alert.least_tokens else []
        lines += [f"min_calls: {alert.least_calls}"] if alert.least_calls else []
        lines += [f"min_agents: {alert.least_agents}"] if alert.least_agents else []
    if not lines:
        return ""
    return f"# {indicator.definition}\n{indicator.name}:\n" + "".join(f"  {line}\n" for line in lines)


def with_threshold(
    text: str, *, indicator: str, override: Override | None, value: float, name: str = FILE
) -> str:
    """The text with one threshold changed; everything else stays, comments included.

    Raises:
        ConfigError: the text or the new value is not valid, or the text is written in a way that cannot be
            edited line by line.
    """
    before = parse(text, name=name)
    found = _set(text, indicator, override, value)
    after = parse(found, name=name)
    if after != _expected(before, indicator, override, value):
        raise ConfigError(f"{name}: the layout of {indicator} is too unusual to edit. Change it by hand.")
    return found


def _expected(before: Thresholds, indicator: str, override: Override | None, value: float) -> Thresholds:
    setting = before.settings[indicator]
    if override is None:
        setting = replace(setting, threshold=value)
    else:
        new = replace(override, threshold=value)
        same = [new if old.whom == new.whom else old for old in setting.overrides]
        setting = replace(setting, overrides=tuple(same if new in same else [*same, new]))
    return replace(before, settings=before.settings | {indicator: setting})


def _set(text: str, indicator: str, override: Override | None, value: float) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    block = _get(root, indicator)
    if not isinstance(block, yaml.MappingNode):
        given = (
            f"  threshold: {value!r}" if override is None else f"  overrides:\n    {_item(override, value)}"
        )
        if block is not None:  # the key alone
            return _insert_after(text, block.start_mark.index, given)
        return f"{text.rstrip()}\n\n{indicator}:\n{given}\n".lstrip()
    if override is None:
        return _with_scalar(text, block, value)
    listed = _get(block, "overrides")
    if not isinstance(listed, yaml.SequenceNode) or not listed.value:
        return _with_first_override(text, block, listed, _item(override, value))
    for item in listed.value:
        if _whom(item) == override.whom:
            return _with_scalar(text, item, value)
    _in_block_style(listed)
    column = listed.value[-1].start_mark.column - 2
    return _insert_after(text, _end(listed.value[-1]), " " * column + _item(override, value))


def _with_scalar(text: str, target: yaml.Node, value: float) -> str:
    scalar = _get(target, "threshold")
    if scalar is not None:
        return text[: scalar.start_mark.index] + repr(value) + text[scalar.end_mark.index :]
    _in_block_style(target)
    key = target.value[0][0].start_mark
    return f"{text[: key.index]}threshold: {value!r}\n{' ' * key.column}{text[key.index :]}"


def _in_block_style(node: yaml.Node) -> None:
    if isinstance(node, yaml.CollectionNode) and node.flow_style:
        line = node.start_mark.line + 1
        raise ConfigError(f"{FILE}:{line}: this is written on one line in braces. Change it by hand.")


def _with_first_override(text: str, block: yaml.MappingNode, empty: yaml.Node | None, item: str) -> str:
    _in_block_style(block)
    column = block.value[0][0].start_mark.column
    if empty is None:
        return _insert_after(text, _end(block), f"{' ' * column}overrides:\n{' ' * column}  {item}")
    head, tail = text[: empty.start_mark.index].rstrip(), text[empty.end_mark.index :]
    return f"{head}\n{' ' * column}  {item}{tail}"


def _item(override: Override, value: float) -> str:
    names = {"service": override.service, "agent": override.agent, "tool": override.tool}
    content: dict[str, Any] = {key: text for key, text in names.items() if text is not None}
    flow = yaml.safe_dump(
        content | {"threshold": value},
        default_flow_style=True,
        sort_keys=False,
        width=10_000,
        allow_unicode=True,
    )
    return f"- {flow.strip()}"


def _whom(item: yaml.Node) -> tuple[str | None, ...]:
    found = (_get(item, key) for key in ("service", "agent", "tool"))
    return tuple(node.value if node is not None else None for node in found)


def _get(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _end(node: yaml.Node) -> int:
    """Where the last scalar of a node ends; the end of a block itself lies behind the comments after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return node.end_mark.index


def _insert_after(text: str, index: int, line: str) -> str:
    end = text.find("\n", index)
    head, tail = (text, "") if end < 0 else (text[:end], text[end + 1 :])
    return f"{head}\n{line}\n{tail}"
