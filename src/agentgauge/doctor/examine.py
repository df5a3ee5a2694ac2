"""All examinations, in the order in which they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.doctor.endpoint import endpoint_findings
from agentgauge.doctor.machine import clock_findings, vocabulary_findings
from agentgauge.doctor.packages import package_findings
from agentgauge.doctor.prices import price_findings
from agentgauge.doctor.settings import settings_findings
from agentgauge.doctor.store import store_findings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from agentgauge.config import Settings
    from agentgauge.doctor.finding import Finding

SCHEMA = "agentgauge.doctor/1"
TOPICS = ("client", "settings", "store", "endpoint", "prices", "vocabularies", "clock")


def examine(
    settings: Settings, environ: Mapping[str, str], *, store: Path | None, ask: bool = True
) -> list[Finding]:
    """Every finding, by topic; nothing is changed, and only the endpoint is asked, if `ask`."""
    found = [
        *package_findings(settings),
        *settings_findings(settings, environ),
        *store_findings(settings, store),
        *endpoint_findings(settings, ask=ask),
        *price_findings(settings, store),
        *vocabulary_findings(),
        *clock_findings(store),
    ]
    return sorted(found, key=lambda finding: TOPICS.index(finding.topic))
