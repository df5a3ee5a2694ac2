"""What is printed about a stack that runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agentgauge.stack.configs import COPIES, RULES
from agentgauge.stack.ports import HOST
from agentgauge.stack.services import OURS
from agentgauge.stack.shipped import ROOTS
from agentgauge.stack.state import NATIVE, State

if TYPE_CHECKING:
    from rich.console import Console


def show_left_out(left_out: tuple[str, ...], *, out: Console) -> None:
    """What does not run, and why."""
    if left_out:
        out.print("\nLeft out:")
        for line in left_out:
            out.print(f"  {line}", soft_wrap=True)


def _config(overlay: Path, *, containers: bool) -> str:
    if overlay in ROOTS:
        return f"{overlay} (this checkout)"
    taken = [name for name in (RULES, *COPIES.values()) if (overlay / name).exists()]
    if containers or taken:
        return f"{overlay}" + (f" ({', '.join(taken)})" if taken else "")
    return f"{overlay} has none of the files that are read: {RULES}, {', '.join(COPIES.values())}"


def show_running(state: State, *, out: Console, left_out: tuple[str, ...]) -> None:
    """Where everything is, and what to do next."""
    ports = state.ports
    rows = {
        "Collector": f"{state.otlp_http} (OTLP/HTTP), {HOST}:{ports.otlp_grpc} (OTLP/gRPC)",
        "Prometheus": f"http://{HOST}:{ports.prometheus}",
        "Alertmanager": f"http://{HOST}:{ports.alertmanager}",
    }
    if state.traces == OURS:
        rows["Tempo"] = f"http://{HOST}:{ports.tempo}"
    elif state.traces:
        rows["Tempo"] = f"{state.traces} (not ours)"
    if state.mode != NATIVE:
        rows["Grafana"] = f"http://{HOST}:{ports.grafana}"
    if state.overlay:
        rows["Config"] = _config(Path(state.overlay), containers=state.mode != NATIVE)
    out.print()
    for name, where in rows.items():
        out.print(f"  {name:<13} {where}", soft_wrap=True)
    show_left_out(left_out, out=out)
    out.print("\nSend to it:", soft_wrap=True)
    out.print(f"  export OTEL_EXPORTER_OTLP_ENDPOINT={state.otlp_http}", soft_wrap=True)
    out.print(
        "Next: agentgauge demo --otlp, agentgauge status, agentgauge logs, agentgauge down", soft_wrap=True
    )
