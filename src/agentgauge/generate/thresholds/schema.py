"""The shape of thresholds.yaml: which keys there are and what kind of value each has."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

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

from agentgauge.generate.thresholds.closest import closest
from agentgauge.generate.thresholds.durations import (
    checked_hold,
    checked_interval,
    checked_offset,
    checked_window,
)
from agentgauge.generate.thresholds.records import GRAFANA, LONGEST_INTERVAL, QUERY_OFFSET, RUNBOOKS

M = TypeVar("M", bound=BaseModel)
_Number = Annotated[StrictFloat | StrictInt, Field(ge=0)]
_Count = Annotated[StrictInt, Field(ge=0)]
_Name = Annotated[StrictStr, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GivenOverride(_Strict):
    """An item of `overrides`."""

    threshold: _Number
    service: _Name | None = None
    agent: _Name | None = None
    tool: _Name | None = None


class GivenIndicator(_Strict):
    """What may stand under an indicator's name; not all of it under every one."""

    threshold: _Number | None = None
    window: Annotated[StrictStr, AfterValidator(checked_window)] | None = None
    hold: Annotated[StrictStr, AfterValidator(checked_hold)] | None = Field(default=None, alias="for")
    min_tokens: _Count | None = None
    min_calls: _Count | None = None
    min_agents: _Count | None = None
    overrides: list[GivenOverride] = []


class GivenBudget(_Strict):
    """An item of `budgets`."""

    service: _Name
    agent: _Name | None = None
    usd_per_month: Annotated[StrictFloat | StrictInt, Field(gt=0)]


class GivenBeside(_Strict):
    """What stands beside the indicators."""

    budgets: list[GivenBudget] = []
    query_offset: Annotated[StrictStr, AfterValidator(checked_offset)] = QUERY_OFFSET
    longest_interval: Annotated[StrictStr, AfterValidator(checked_interval)] = LONGEST_INTERVAL


class GivenLinks(_Strict):
    """What stands under `links`."""

    grafana: Annotated[StrictStr, Field(pattern="^https?://")] = GRAFANA
    runbooks: Annotated[StrictStr, Field(pattern="^https?://")] = RUNBOOKS


Where = tuple[str | int, ...]
"""A path of keys and indexes."""


class Wrong(Exception):  # noqa: N818  # it becomes a ConfigError with its line
    """What is wrong, and where in the file."""

    def __init__(self, where: Where, message: str) -> None:
        super().__init__(message)
        self.where = where


def fitted(model: type[M], content: Any, where: Where) -> M:
    """Content in its shape; Wrong with the first thing that does not fit."""
    try:
        return model.model_validate({} if content is None else content)
    except ValidationError as error:
        first = error.errors()[0]
        inside = tuple(part for part in first["loc"] if not _is_branch(part))
        message = _MESSAGES.get(first["type"], first["msg"].removeprefix("Value error, "))
        if first["type"] == "extra_forbidden" and (meant := closest(str(inside[-1]), _KEYS)):
            message = f"{message}; did you mean {meant}?"
        raise Wrong((*where, *inside), message) from None


_KEYS = {
    field.alias or name
    for model in (GivenIndicator, GivenOverride, GivenBudget, GivenLinks)
    for name, field in model.model_fields.items()
}
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
