"""`dashboards/thresholds.yaml`: what it says, checked; an error names the line and the key."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
)

from agentgauge.errors import ConfigError
from agentgauge.generate.environment import FLUSH_INTERVAL
from agentgauge.registry import INDICATORS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from agentgauge.registry_records import Indicator

FILE = "dashboards/thresholds.yaml"
GRAFANA = "http://localhost:3000"
RUNBOOKS = "https://github.com/agentgauge/agentgauge/blob/main/docs/runbooks"

QUERY_OFFSET = "1m"
BUDGETS_KEY, OFFSET_KEY, LINKS_KEY = "budgets", "query_offset", "links"
_BESIDE = (BUDGETS_KEY, OFFSET_KEY, LINKS_KEY)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LEAST_WINDOW = "1m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A threshold for one service, one agent, or one agent of one service (and tool, where there is one)."""

    threshold: float
    service: str | None = None
    agent: str | None = None
    tool: str | None = None

    @property
    def whom(self) -> tuple[str | None, ...]:
        """Service, agent, tool."""
        return (self.service, self.agent, self.tool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What holds for one indicator; `threshold` means nothing where it has no alert."""

    threshold: float
    window: str
    hold: str
    least_tokens: int
    least_calls: int
    least_agents: int
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a service, or one agent of it, may spend in a calendar month (UTC), in all environments."""

    service: str
    usd_per_month: float
    agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where alerts point to."""

    grafana: str = GRAFANA
    runbooks: str = RUNBOOKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The whole file, with defaults for what it leaves out."""

    settings: dict[str, Setting] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    query_offset: str = QUERY_OFFSET
    links: Links = field(default_factory=Links)


def seconds(duration: str) -> int:
    """Of `30s`, `15m`, `1h` or `7d`."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def _duration(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*[smhd]", text):
        raise ValueError("must be a duration such as 30s, 15m or 1h")
    return text


def _window(text: str) -> str:
    if seconds(_duration(text)) < seconds(_LEAST_WINDOW):
        raise ValueError(f"must be at least {_LEAST_WINDOW}")
    return text


def _flush_s() -> int:
    flush = os.environ.get(FLUSH_INTERVAL.name, "")
    flush = flush if re.fullmatch(r"[1-9][0-9]*[smhd]", flush) else FLUSH_INTERVAL.default
    return seconds(flush)


def _hold(text: str) -> str:
    if seconds(_duration(text)) < 2 * _flush_s():
        raise ValueError(f"must be at least two flushes of the Collector: {2 * _flush_s()}s")
    return text


def _offset(text: str) -> str:
    if seconds(_duration(text)) < _flush_s():
        raise ValueError(f"must be at least a flush of the Collector: {_flush_s()}s")
    return text


M = TypeVar("M", bound=BaseModel)
_Number = Annotated[StrictFloat | StrictInt, Field(ge=0)]
_Count = Annotated[StrictInt, Field(ge=0)]
_Name = Annotated[StrictStr, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Override(_Strict):
    threshold: _Number
    service: _Name | None = None
    agent: _Name | None = None
    tool: _Name | None = None


class _Indicator(_Strict):
    threshold: _Number | None = None
    window: Annotated[StrictStr, AfterValidator(_window)] | None = None
    hold: Annotated[StrictStr, AfterValidator(_hold)] | None = Field(default=None, alias="for")
    min_tokens: _Count | None = None
    min_calls: _Count | None = None
    min_agents: _Count | None = None
    overrides: list[_Override] = []


class _Budget(_Strict):
    service: _Name
    agent: _Name | None = None
    usd_per_month: Annotated[StrictFloat | StrictInt, Field(gt=0)]


class _Beside(_Strict):
    budgets: list[_Budget] = []
    query_offset: Annotated[StrictStr, AfterValidator(_offset)] = QUERY_OFFSET


class _Links(_Strict):
    grafana: Annotated[StrictStr, Field(pattern="^https?://")] = GRAFANA
    runbooks: Annotated[StrictStr, Field(pattern="^https?://")] = RUNBOOKS


Where = tuple[str | int, ...]
"""A path of keys and indexes."""


class _Wrong(Exception):  # noqa: N818  # it becomes a ConfigError with its line
    def __init__(self, where: Where, message: str) -> None:
        super().__init__(message)
        self.where = where


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
    except _Wrong as wrong:
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
                raise _Wrong((*where, key.value), "is given twice")
            seen.add(key.value)
            _no_key_twice(value, (*where, key.value))


def _checked(content: Any) -> Thresholds:
    if not isinstance(content, dict):
        raise _Wrong((), "must be a mapping of indicators")
    known = {found.name: found for found in INDICATORS}
    for key in content:
        if key not in _BESIDE and key not in known:
            raise _Wrong((key,), f"is unknown; there are {', '.join([*known, *_BESIDE])}")
    links = _model(_Links, content.get(LINKS_KEY), (LINKS_KEY,))
    given = {key: content[key] for key in (BUDGETS_KEY, OFFSET_KEY) if content.get(key) is not None}
    beside = _model(_Beside, given, ())
    settings = {
        name: _setting(found, _model(_Indicator, content.get(name), (name,))) for name, found in known.items()
    }
    return Thresholds(
        settings=settings,
        budgets=tuple(_budgets(beside.budgets)),
        query_offset=beside.query_offset,
        links=Links(grafana=links.grafana.rstrip("/"), runbooks=links.runbooks.rstrip("/")),
    )


def _budgets(given: list[_Budget]) -> Iterator[Budget]:
    seen: set[tuple[str, str | None]] = set()
    for number, item in enumerate(given):
        if (item.service, item.agent) in seen:
            raise _Wrong((BUDGETS_KEY, number), "is given twice")
        seen.add((item.service, item.agent))
        yield Budget(service=item.service, agent=item.agent, usd_per_month=item.usd_per_month)


def _model(model: type[M], content: Any, where: Where) -> M:
    try:
        return model.model_validate({} if content is None else content)
    except ValidationError as error:
        first = error.errors()[0]
        inside = tuple(part for part in first["loc"] if not _is_branch(part))
        message = _MESSAGES.get(first["type"], first["msg"].removeprefix("Value error, "))
        raise _Wrong((*where, *inside), message) from None


_MESSAGES = {
    "extra_forbidden": "is unknown",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "string_type": "must be text",
    "model_type": "must be a mapping",
    "list_type": "must be a list",
    "missing": "is missing",
    "greater_than_equal": "must not be negative",
    "greater_than": "must be more than 0",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must begin with http:// or https://",
}


def _is_branch(part: str | int) -> bool:
    """Whether pydantic put the name of a type of a union into the path."""
    return isinstance(part, str) and bool(re.search(r"float|int$|\[", part))


def _setting(indicator: Indicator, given: _Indicator) -> Setting:
    alert, name = indicator.alert, indicator.name
    if not indicator.window and given.window is not None:
        raise _Wrong((name, "window"), f"{name} has no window of its own")
    window = given.window or indicator.window
    if alert is None:
        for key in given.model_fields_set - {"window"}:
            raise _Wrong((name, "for" if key == "hold" else key), f"{name} has no alert, so only a window")
        return Setting(threshold=0, window=window, hold="", least_tokens=0, least_calls=0, least_agents=0)
    if given.min_agents is not None and not alert.least_agents:
        raise _Wrong((name, "min_agents"), f"{name} is an agent's own; there is nothing to compare")
    for key in ("min_tokens", "min_calls"):
        if getattr(given, key) is not None and not (indicator.numerator and indicator.window):
            raise _Wrong((name, key), f"{name} is not made of an agent's calls in a window")
    if alert.fixed and (given.threshold is not None or given.overrides):
        key = "overrides" if given.threshold is None else "threshold"
        raise _Wrong((name, key), f"{alert.name} has no threshold that could be moved")
    threshold = (
        alert.threshold if given.threshold is None else _in_range(indicator, given.threshold, "threshold")
    )
    return Setting(
        threshold=threshold,
        window=window,
        hold=given.hold or alert.hold,
        least_tokens=alert.least_tokens if given.min_tokens is None else given.min_tokens,
        least_calls=alert.least_calls if given.min_calls is None else given.min_calls,
        least_agents=alert.least_agents if given.min_agents is None else given.min_agents,
        overrides=tuple(_overrides(indicator, given.overrides)),
    )


def _in_range(indicator: Indicator, value: float, *where: str | int) -> float:
    if indicator.unit == "ratio" and value > 1:
        raise _Wrong((indicator.name, *where), f"a ratio is at most 1, not {value}; 25 % is 0.25")
    return value


def _overrides(indicator: Indicator, given: list[_Override]) -> Iterator[Override]:
    seen: set[tuple[str | None, ...]] = set()
    for number, item in enumerate(given):
        where = ("overrides", number)
        _dimensions(indicator, item, where)
        found = Override(
            threshold=_in_range(indicator, item.threshold, *where, "threshold"),
            service=item.service,
            agent=item.agent,
            tool=item.tool,
        )
        if found.whom in seen:
            raise _Wrong((indicator.name, *where), "is given twice")
        seen.add(found.whom)
        yield found


def _dimensions(indicator: Indicator, item: _Override, where: Where) -> None:
    names: tuple[Literal["service", "agent", "tool"], ...] = ("service", "agent", "tool")
    given = [name for name in names if getattr(item, name) is not None]
    if not given:
        options = " or ".join(indicator.dimensions) or "none: it has no overrides"
        raise _Wrong((indicator.name, *where), f"names nobody; give {options}")
    for name in given:
        if name not in indicator.dimensions:
            raise _Wrong((indicator.name, *where, name), f"{indicator.name} has no {name}")


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
