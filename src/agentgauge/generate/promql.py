"""PromQL from the registry: the one place where queries are put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.call import UNATTRIBUTED
from agentgauge.registry import CALLS, COST, INDICATORS, TOKENS, metric
from agentgauge.registry_records import LABELS, OF_AGENTS, prometheus_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agentgauge.registry_records import Indicator, Subject, Sum

RATIO, THRESHOLD, APPLIED = "agentgauge:indicator", "agentgauge:threshold", "agentgauge:indicator:threshold"
"""Recorded series: indicators, thresholds as they are set, the threshold that applies to each indicator."""

GROWTH = "growth"
"""What a counter grew by between its first and its last sample in a window, without extrapolation.

It is whole because a series begins with a 0 and never goes back: a Collector that has forgotten its sums
takes another instance id, and so other series.
"""

SERVICE_LABEL, ENVIRONMENT_LABEL, AGENT_LABEL = (LABELS[name] for name in OF_AGENTS)
BUDGET = "agentgauge:budget"
"""USD a month, by service and agent, as thresholds.yaml has them."""

SUMMED, SUMS = "agentgauge:rate", {"tokens": TOKENS, "calls": CALLS, "cost": COST}
"""Recorded rates of what many indicators are made of, so that a long window is read once for all of them."""

BY_SERVICE = (SERVICE_LABEL, ENVIRONMENT_LABEL)
BY_AGENT = (*BY_SERVICE, AGENT_LABEL)


def selector(name: str, *matchers: str) -> str:
    """`name{matchers}`."""
    return f"{name}{{{','.join(matchers)}}}" if matchers else name


def one_of(label: str, values: Iterable[str]) -> str:
    """A matcher for any of a few values, which hold no special characters."""
    return f'{prometheus_label(label)}=~"{"|".join(values)}"'


def change(wanted: Sum, window: str, *matchers: str, function: str = "rate") -> str:
    """`rate`, `increase` or growth of every series of a sum, as one vector that a `sum by` can take.

    A rate has no name left, so series of two metrics with the same labels would collide: each metric after
    the first gets a label of its own. They are not added with `+`, which gives nothing where one is missing.
    """
    only = [one_of(label, values) for label, values in wanted.only]
    rates = [
        _over(f"{selector(metric(name).prometheus_name, *only, *matchers)}[{window}]", function)
        for name in wanted.metrics
    ]
    marked = [f'label_replace({rate}, "part", "{n}", "", "")' for n, rate in enumerate(rates[1:], start=2)]
    return " or ".join([rates[0], *marked])


def _over(series: str, function: str) -> str:
    if function == GROWTH:
        return f"(max_over_time({series}) - min_over_time({series}))"
    return f"{function}({series})"


def total(wanted: Sum, by: Iterable[str], window: str, *matchers: str, function: str = "rate") -> str:
    """The sum by some labels (all in one where there are none)."""
    labels = ", ".join(by)
    inner = change(wanted, window, *matchers, function=function)
    return f"sum by ({labels}) ({inner})" if labels else f"sum({inner})"


def summed(name: str, window: str) -> str:
    """The expression of a recorded rate: by agent, and by whatever an indicator picks from it."""
    wanted = SUMS[name]
    parts = (part for each in INDICATORS for part in (each.numerator, each.denominator) if part)
    picked = (label for part in parts if part.metrics == wanted.metrics for label, _ in part.only)
    return total(wanted, (*BY_AGENT, *sorted({prometheus_label(label) for label in picked})), window)


def _of_summed(wanted: Sum, by: Iterable[str], window: str) -> str:
    """The same as `total`, from the recorded rates where there are some."""
    for name, found in SUMS.items():
        if found.metrics == wanted.metrics:
            only = [one_of(label, values) for label, values in wanted.only]
            recorded_rate = selector(f"{SUMMED}:{window}", f'of="{name}"', *only)
            return f"sum by ({', '.join(by)}) ({recorded_rate})"
    return total(wanted, by, window)


def ratio(numerator: str, denominator: str) -> str:
    """A numerator that does not exist yet is 0, and a denominator of 0 gives nothing."""
    return f"({numerator}\nor 0 * {denominator})\n/ ({denominator} > 0)"


def recorded(window: str = "") -> str:
    """The series of indicators: over their own window, or over a further one."""
    return f"{RATIO}:{window}" if window else RATIO


def indicator(wanted: Indicator, window: str, *, from_summed: bool = False) -> str:
    """By the indicator's own dimensions; from recorded rates where the window has them."""
    if wanted.numerator is None:
        return wanted.query.format(window=window)
    sums = _of_summed if from_summed else total
    numerator = sums(wanted.numerator, labels_of(wanted), window)
    if wanted.denominator is None:
        return f"{numerator} * 3600"
    if "tool" in wanted.by:
        # Calls have no tool: all tools of an agent are held against the same calls.
        on = f" on ({', '.join(BY_AGENT)}) group_left ()"
        return f"{numerator}\n/{on} ({sums(wanted.denominator, BY_AGENT, window)} > 0)"
    if not wanted.whole:
        return ratio(numerator, sums(wanted.denominator, BY_AGENT, window))
    # An agent's share exists where the agent does, so its numerator cannot be missing.
    on = f" on ({', '.join(BY_SERVICE)}) group_left ()"
    return f"{numerator}\n/{on} ({sums(wanted.denominator, BY_SERVICE, window)} > 0)"


def labels_of(wanted: Indicator) -> tuple[str, ...]:
    """The labels that tell an indicator's series apart."""
    return tuple(LABELS[name] for name in wanted.by)


def applied_threshold(wanted: Indicator) -> str:
    """The threshold of each series of an indicator: the most specific override, else the default."""
    series = selector(RATIO, f'indicator="{wanted.name}"')
    return "\nor\n".join(_joined(series, wanted, having) for having in _levels(wanted.dimensions))


_WEIGHT = {"tool": 4, "agent": 2, "service": 1}


def _levels(dimensions: tuple[Subject, ...]) -> list[tuple[Subject, ...]]:
    """Whom an override can name, the most specific first: a tool before an agent before a service."""
    subsets: list[tuple[Subject, ...]] = [()]
    for name in dimensions:
        subsets += [(*subset, name) for subset in subsets]
    return sorted(subsets, key=lambda subset: -sum(_WEIGHT[name] for name in subset))


def _joined(series: str, wanted: Indicator, names: tuple[Subject, ...]) -> str:
    having = [f'{LABELS[name]}{"!=" if name in names else "="}""' for name in wanted.dimensions]
    threshold = selector(THRESHOLD, f'indicator="{wanted.name}"', *having)
    on = ", ".join(LABELS[name] for name in names)
    return f"0 * {series} + on ({on}) group_left () max by ({on}) ({threshold})"


def least_calls(window: str, calls: int) -> str:
    """A condition: so many calls of the agent in the window."""
    on = ", ".join(BY_AGENT)
    made = selector(metric("agentgauge.calls").prometheus_name)
    return f"and on ({on}) sum by ({on}) (increase({made}[{window}])) >= {calls}"


def not_after_late(window: str) -> str:
    """A condition: no calls of the service arrived late in the window."""
    late = metric("agentgauge.late.calls").prometheus_name
    return f"unless on ({SERVICE_LABEL}) sum by ({SERVICE_LABEL}) (increase({late}[{window}])) > 0"


def active_agents(window: str) -> str:
    """Agents that made a call, by service and environment."""
    calls = selector(metric("agentgauge.calls").prometheus_name, f'{AGENT_LABEL}!="{UNATTRIBUTED}"')
    return (
        f"count by ({', '.join(BY_SERVICE)}) "
        f"(sum by ({', '.join(BY_AGENT)}) (increase({calls}[{window}])) > 0)"
    )
