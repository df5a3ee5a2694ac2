"""Recording and alerting rules: one group an indicator, so that its parts see the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentgauge.generate import promql, uids
from agentgauge.generate.text import to_yaml
from agentgauge.registry import INDICATORS, TOKENS

if TYPE_CHECKING:
    from agentgauge.generate.thresholds import Links, Override, Setting, Thresholds
    from agentgauge.registry_records import Alert, Indicator


def rules(thresholds: Thresholds) -> str:
    """`dashboards/rules/indicators.yaml`."""
    groups = [
        {
            "name": f"agentgauge.{found.name}",
            "rules": _rules(found, thresholds.settings[found.name], thresholds.links),
        }
        for found in INDICATORS
    ]
    return to_yaml(
        {"groups": groups},
        "Thresholds come from dashboards/thresholds.yaml: change them with `agentgauge thresholds set`.",
    )


def _rules(indicator: Indicator, setting: Setting, links: Links) -> list[dict[str, Any]]:
    record = {
        "record": promql.RATIO,
        "labels": {"indicator": indicator.name},
        "expr": promql.indicator(indicator, setting.window),
    }
    if indicator.alert is None:
        return [record]
    thresholds = [
        _threshold(indicator.name, setting.threshold),
        *(_threshold(indicator.name, override.threshold, override) for override in setting.overrides),
    ]
    applied = {
        "record": promql.APPLIED,
        "labels": {"indicator": indicator.name},
        "expr": promql.applied_threshold(indicator.name),
    }
    return [*thresholds, record, applied, _alert(indicator, indicator.alert, setting, links)]


def _threshold(name: str, value: float, override: Override | None = None) -> dict[str, Any]:
    labels = {"indicator": name}
    if override is not None:
        labels |= {
            label: text
            for label, text in (
                (promql.SERVICE_LABEL, override.service),
                (promql.AGENT_LABEL, override.agent),
            )
            if text
        }
    return {"record": promql.THRESHOLD, "labels": labels, "expr": f"vector({value!r})"}


def _alert(indicator: Indicator, alert: Alert, setting: Setting, links: Links) -> dict[str, Any]:
    this = f'indicator="{indicator.name}"'
    lines = [f"{promql.selector(promql.RATIO, this)} > {promql.selector(promql.APPLIED, this)}"]
    lines += _guards(indicator, setting)
    return {
        "alert": alert.name,
        "expr": "\n".join(lines),
        "for": setting.hold,
        "labels": {"severity": alert.severity, "indicator": indicator.name},
        "annotations": {
            "summary": _summary(indicator, alert.summary),
            "runbook_url": f"{links.runbooks}/{alert.name}.md",
            "dashboard_url": f"{links.grafana}/d/{uids.of_indicator(indicator.name)}?{_VARIABLES}",
        },
    }


_SERVICE = f"$labels.{promql.SERVICE_LABEL}"
_AGENT = f"$labels.{promql.AGENT_LABEL}"
_ENVIRONMENT = f"$labels.{promql.ENVIRONMENT_LABEL}"
_VARIABLES = f"var-service={{{{ {_SERVICE} | urlquery }}}}&var-agent={{{{ {_AGENT} | urlquery }}}}"


def _guards(indicator: Indicator, setting: Setting) -> list[str]:
    """Low traffic is no news: too few tokens, or too few agents to speak of shares."""
    found = []
    by = promql.BY_SERVICE if indicator.whole else promql.BY_AGENT
    on = f"and on ({', '.join(by)})"
    if setting.least_tokens:
        tokens = promql.total(TOKENS, by, setting.window, function="increase")
        found.append(f"{on} {tokens} >= {setting.least_tokens}")
    if setting.least_agents:
        found.append(f"{on} {promql.active_agents(setting.window)} >= {setting.least_agents}")
    return found


def _summary(indicator: Indicator, text: str) -> str:
    shown = "humanizePercentage" if indicator.unit == "ratio" else 'printf "%.2f"'
    named = ", ".join(
        f"{label}=%q" for label in (promql.SERVICE_LABEL, promql.ENVIRONMENT_LABEL, promql.AGENT_LABEL)
    )
    query = f'{promql.APPLIED}{{indicator="{indicator.name}", {named}}}'
    threshold = (
        f"{{{{ with printf `{query}` {_SERVICE} {_ENVIRONMENT} {_AGENT} | query }}}}"
        f"{{{{ . | first | value | {shown} }}}}{{{{ end }}}}"
    )
    return text.format(
        value=f"{{{{ $value | {shown} }}}}",
        threshold=threshold,
        agent=f"{{{{ {_AGENT} }}}}",
        service=f"{{{{ {_SERVICE} }}}}",
    )
