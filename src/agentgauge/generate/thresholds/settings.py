"""What thresholds.yaml means for each indicator: defaults filled in, and nothing that it cannot have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from agentgauge.generate.thresholds.records import Budget, Override, Setting
from agentgauge.generate.thresholds.schema import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentgauge.generate.thresholds.schema import GivenBudget, GivenIndicator, GivenOverride, Where
    from agentgauge.registry_records import Indicator

BUDGETS_KEY = "budgets"


def setting(indicator: Indicator, given: GivenIndicator) -> Setting:
    """What holds for an indicator; Wrong where it cannot."""
    alert, name = indicator.alert, indicator.name
    if not indicator.window and given.window is not None:
        raise Wrong((name, "window"), f"{name} has no window of its own")
    window = given.window or indicator.window
    if alert is None:
        for key in given.model_fields_set - {"window"}:
            raise Wrong((name, "for" if key == "hold" else key), f"{name} has no alert, so only a window")
        return Setting(threshold=0, window=window, hold="", least_tokens=0, least_calls=0, least_agents=0)
    if given.min_agents is not None and not alert.least_agents:
        raise Wrong((name, "min_agents"), f"{name} is an agent's own; there is nothing to compare")
    for key in ("min_tokens", "min_calls"):
        if getattr(given, key) is not None and not (indicator.numerator and indicator.window):
            raise Wrong((name, key), f"{name} is not made of an agent's calls in a window")
    if alert.fixed and (given.threshold is not None or given.overrides):
        key = "overrides" if given.threshold is None else "threshold"
        raise Wrong((name, key), f"{alert.name} has no threshold that could be moved")
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
        raise Wrong((indicator.name, *where), f"a ratio is at most 1, not {value}; 25 % is 0.25")
    return value


def _overrides(indicator: Indicator, given: list[GivenOverride]) -> Iterator[Override]:
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
            raise Wrong((indicator.name, *where), "is given twice")
        seen.add(found.whom)
        yield found


def _dimensions(indicator: Indicator, item: GivenOverride, where: Where) -> None:
    names: tuple[Literal["service", "agent", "tool"], ...] = ("service", "agent", "tool")
    given = [name for name in names if getattr(item, name) is not None]
    if not given:
        options = " or ".join(indicator.dimensions) or "none: it has no overrides"
        raise Wrong((indicator.name, *where), f"names nobody; give {options}")
    for name in given:
        if name not in indicator.dimensions:
            raise Wrong((indicator.name, *where, name), f"{indicator.name} has no {name}")


def budgets(given: list[GivenBudget]) -> Iterator[Budget]:
    """Each service and agent once; Wrong where one has two."""
    seen: set[tuple[str, str | None]] = set()
    for number, item in enumerate(given):
        if (item.service, item.agent) in seen:
            raise Wrong((BUDGETS_KEY, number), "is given twice")
        seen.add((item.service, item.agent))
        yield Budget(service=item.service, agent=item.agent, usd_per_month=item.usd_per_month)
