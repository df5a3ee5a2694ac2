"""What a native run consists of: which programs, from where, and what is left out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentgauge.stack import services
from agentgauge.stack.binaries import ALERTMANAGER, COLLECTOR, PROMETHEUS, TEMPO, Found, find
from agentgauge.stack.services import OURS, TEMPO_VARIABLE, Service

if TYPE_CHECKING:
    from agentgauge.stack.places import Places
    from agentgauge.stack.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The programs and services of a native run.

    Attributes:
        programs: in the order in which they are built.
        services: in the order in which they are stopped: what sends before what receives.
        traces: where spans go, as in `State`.
        left_out: what does not run, each with the reason and what to do.
    """

    programs: tuple[Found, ...]
    services: tuple[Service, ...]
    traces: str | None
    left_out: tuple[str, ...]

    @property
    def missing(self) -> tuple[Found, ...]:
        """The programs that must be built first."""
        return tuple(found for found in self.programs if not found.built)


def make_plan(places: Places, ports: Ports) -> Plan:
    """Looks for every program.

    Raises:
        StackError: a variable names a program that is not there.
    """
    collector, prometheus, alertmanager = (
        found for program in (COLLECTOR, PROMETHEUS, ALERTMANAGER) if (found := find(program, places))
    )
    elsewhere = os.environ.get(TEMPO_VARIABLE)
    tempo = None if elsewhere else find(TEMPO, places)
    traces = elsewhere or (OURS if tempo else None)
    run = [
        services.collector(collector, places, ports, traces=traces),
        services.prometheus(prometheus, places, ports),
        services.alertmanager(alertmanager, places, ports),
    ]
    if tempo:
        run.append(services.tempo(tempo, places, ports))
    return Plan(
        programs=tuple(found for found in (collector, prometheus, alertmanager, tempo) if found),
        services=tuple(run),
        traces=traces,
        left_out=_left_out(traces),
    )


def _left_out(traces: str | None) -> tuple[str, ...]:
    grafana = (
        "grafana: it comes as a container, which --native does without. Import the files of dashboards/ "
        "into a Grafana of yours, or run agentgauge up where docker compose works."
    )
    if traces:
        return (grafana,)
    tempo = (
        "tempo: not found, so spans are counted and not kept. Download a release "
        "(https://github.com/grafana/tempo/releases), name its binary in AGENTGAUGE_TEMPO, then run "
        "down and up."
    )
    return (tempo, grafana)
