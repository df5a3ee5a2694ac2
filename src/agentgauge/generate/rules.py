"""Recording and alerting rules: what has to see the same moment is one group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentgauge.generate import promql
from agentgauge.generate.annotations import said
from agentgauge.generate.text import to_yaml
from agentgauge.generate.thresholds.durations import seconds
from agentgauge.registry import INDICATORS, SPEND_KEPT, TOKENS
from agentgauge.registry_records import LABELS

if TYPE_CHECKING:
    from agentgauge.generate.thresholds import Budget, Links, Override, Setting, Thresholds
    from agentgauge.registry_records import Alert, Indicator

WINDOWS, LONG, MONTH, KEPT = "windows", "long", "month", "kept"
INTERVALS = {KEPT: "15m", WINDOWS: "1m", LONG: "2m", MONTH: "1m"}
"""Groups that look back far are evaluated less often.

Below the 5 minutes after which a series is stale, but for what is read by `last_over_time`.
"""
_LONG_WINDOWS = ("6h", "24h")
_SUMMED_WINDOWS = {"1h": WINDOWS, "24h": LONG}
"""Windows that most indicators have, and the group in which their rates are summed once for all."""


def rules(thresholds: Thresholds) -> str:
    """`dashboards/rules/indicators.yaml`."""
    groups: dict[str, list[dict[str, Any]]] = {
        KEPT: [{"record": "agentgauge:kept", "labels": {"of": "spend"}, "expr": SPEND_KEPT}],
        MONTH: [_budget(each) for each in thresholds.budgets],
    }
    for window, name in _SUMMED_WINDOWS.items():
        groups[name] = [_summed(each, window) for each in promql.SUMS]
    for found in INDICATORS:
        setting = thresholds.settings[found.name]
        own = groups.setdefault(found.group or found.name, [])
        own += _rules(found, setting, thresholds.links)
        for window in found.windows:
            apart = LONG if window in _LONG_WINDOWS else WINDOWS
            group = own if found.group == MONTH else groups.setdefault(apart, [])
            from_summed = group is not own and window in _SUMMED_WINDOWS
            group.append(_record(found, window, promql.recorded(window), from_summed=from_summed))
    # A group in which one rule reads another keeps their order; alerts come last everywhere.
    return to_yaml(
        {"groups": [_group(name, found, thresholds) for name, found in groups.items()]},
        "Thresholds come from dashboards/thresholds.yaml: change them with `agentgauge thresholds set`.",
    )


def _group(name: str, found: list[dict[str, Any]], thresholds: Thresholds) -> dict[str, Any]:
    interval = {}
    if name in INTERVALS:
        interval["interval"] = min(INTERVALS[name], thresholds.longest_interval, key=seconds)
    return {"name": f"agentgauge.{name}", **interval, "query_offset": thresholds.query_offset, "rules": found}


def _rules(indicator: Indicator, setting: Setting, links: Links) -> list[dict[str, Any]]:
    found = [_record(indicator, setting.window, promql.RATIO)]
    alert = indicator.alert
    if alert is not None and not alert.fixed:
        found = [
            _threshold(indicator.name, setting.threshold),
            *(_threshold(indicator.name, override.threshold, override) for override in setting.overrides),
            *found,
            {
                "record": promql.APPLIED,
                "labels": {"indicator": indicator.name},
                "expr": promql.applied_threshold(indicator),
            },
        ]
    alerts = (each for each in (alert, indicator.escalation) if each is not None)
    return [*found, *(_alert(indicator, each, setting, links) for each in alerts)]


def _summed(name: str, window: str) -> dict[str, Any]:
    expression = promql.summed(name, window)
    return {"record": f"{promql.SUMMED}:{window}", "labels": {"of": name}, "expr": expression}


def _record(indicator: Indicator, window: str, name: str, *, from_summed: bool = False) -> dict[str, Any]:
    expression = promql.indicator(indicator, window, from_summed=from_summed)
    return {"record": name, "labels": {"indicator": indicator.name}, "expr": expression}


def _threshold(name: str, value: float, override: Override | None = None) -> dict[str, Any]:
    labels = {"indicator": name}
    if override is not None:
        labels |= _whom(service=override.service, agent=override.agent, tool=override.tool)
    return {"record": promql.THRESHOLD, "labels": labels, "expr": f"vector({float(value)!r})"}


def _budget(budget: Budget) -> dict[str, Any]:
    labels = _whom(service=budget.service, agent=budget.agent)
    return {"record": promql.BUDGET, "labels": labels, "expr": f"vector({float(budget.usd_per_month)!r})"}


def _whom(**names: str | None) -> dict[str, str]:
    return {LABELS[name]: text for name, text in names.items() if text}


def _alert(indicator: Indicator, alert: Alert, setting: Setting, links: Links) -> dict[str, Any]:
    this = f'indicator="{indicator.name}"'
    value = promql.selector(promql.RATIO, this)
    if alert is indicator.escalation:
        condition = f"{value} >= {alert.threshold:g}"
    elif alert.fixed:
        condition = f"{value} > {alert.threshold:g}"
    else:
        condition = f"{value} > {promql.selector(promql.APPLIED, this)}"
    hold = alert.hold if alert is indicator.escalation else setting.hold
    return {
        "alert": alert.name,
        "expr": "\n".join([condition, *_guards(indicator, alert, setting)]),
        "for": hold,
        "labels": {"severity": alert.severity, "indicator": indicator.name},
        "annotations": said(indicator, alert, setting.window, links),
    }


def _guards(indicator: Indicator, alert: Alert, setting: Setting) -> list[str]:
    """Low traffic is no news: too few tokens or calls, or too few agents to speak of shares."""
    found = []
    by = promql.BY_SERVICE if indicator.whole else promql.BY_AGENT
    on = f"and on ({', '.join(by)})"
    if setting.least_tokens:
        tokens = promql.total(TOKENS, by, setting.window, function="increase")
        found.append(f"{on} {tokens} >= {setting.least_tokens}")
    if setting.least_calls:
        found.append(promql.least_calls(setting.window, setting.least_calls))
    if setting.least_agents:
        found.append(f"{on} {promql.active_agents(setting.window)} >= {setting.least_agents}")
    if alert.not_after_late:
        found.append(promql.not_after_late(alert.not_after_late))
    return found
