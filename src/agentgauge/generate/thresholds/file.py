"""`dashboards/thresholds.yaml`: what it says, checked; an error names the line and the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from agentgauge.errors import ConfigError
from agentgauge.generate.thresholds.closest import closest
from agentgauge.generate.thresholds.records import Links, Thresholds
from agentgauge.generate.thresholds.schema import GivenBeside, GivenIndicator, GivenLinks, Wrong, fitted
from agentgauge.generate.thresholds.settings import BUDGETS_KEY, budgets, setting
from agentgauge.registry import INDICATORS

if TYPE_CHECKING:
    from pathlib import Path

    from agentgauge.generate.thresholds.schema import Where

FILE = "dashboards/thresholds.yaml"
OFFSET_KEY, INTERVAL_KEY, LINKS_KEY = "query_offset", "longest_interval", "links"
_BESIDE = (BUDGETS_KEY, OFFSET_KEY, INTERVAL_KEY, LINKS_KEY)


def read(path: Path) -> Thresholds:
    """The file's thresholds; all defaults where there is no file. ConfigError names line and key."""
    if not path.is_file():
        return parse("", name=FILE)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    return parse(text, name=str(path))


def parse(text: str, *, name: str) -> Thresholds:
    """Thresholds of a file's text; `name` is said in errors."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{name}:{line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: not YAML: {error}") from None
    try:
        if node is not None:
            _no_key_twice(node, ())
        return _checked(content or {})
    except Wrong as wrong:
        key = ".".join(str(part) for part in wrong.where) or "the file"
        raise ConfigError(f"{name}:{_line(node, wrong.where)}: {key}: {wrong}") from None


def _no_key_twice(node: yaml.Node, where: Where) -> None:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _no_key_twice(item, (*where, number))
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                raise Wrong((*where, key.value), "is given twice")
            seen.add(key.value)
            _no_key_twice(value, (*where, key.value))


def _checked(content: Any) -> Thresholds:
    if not isinstance(content, dict):
        raise Wrong((), "must be a mapping of indicators")
    known = {found.name: found for found in INDICATORS}
    for key in content:
        if key not in _BESIDE and key not in known:
            names = [*known, *_BESIDE]
            meant = closest(str(key), names)
            there = f"did you mean {meant}?" if meant else f"there are {', '.join(names)}"
            raise Wrong((key,), f"is unknown; {there}")
    links = fitted(GivenLinks, content.get(LINKS_KEY), (LINKS_KEY,))
    given = {
        key: content[key] for key in (BUDGETS_KEY, OFFSET_KEY, INTERVAL_KEY) if content.get(key) is not None
    }
    beside = fitted(GivenBeside, given, ())
    settings = {
        name: setting(found, fitted(GivenIndicator, content.get(name), (name,)))
        for name, found in known.items()
    }
    return Thresholds(
        settings=settings,
        budgets=tuple(budgets(beside.budgets)),
        query_offset=beside.query_offset,
        longest_interval=beside.longest_interval,
        links=Links(grafana=links.grafana.rstrip("/"), runbooks=links.runbooks.rstrip("/")),
    )


def _line(node: yaml.Node | None, where: Where) -> int:
    """The line of a path, or of the nearest thing above it that is there."""
    line = 1
    for part in where:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                break
            # The last, since of two equal keys the second is the mistake.
            line, node = found[-1][0].start_mark.line + 1, found[-1][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
