"""What runs, in a file, so that every command of agentgauge knows."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from agentgauge.stack.ports import Ports
from agentgauge.stack.process import Running, alive

if TYPE_CHECKING:
    from agentgauge.stack.places import Places

NATIVE, CONTAINERS = "native", "containers"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A stack that was started: `mode` is native or containers; containers have no processes of ours.

    `traces` says where spans go (`tempo`, another host:port, or nothing); `overlay` is the user's folder of
    configs that it was started with.
    """

    mode: str
    ports: Ports
    processes: tuple[Running, ...] = ()
    traces: str | None = None
    overlay: str | None = None

    @property
    def otlp_http(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is for programs on this machine."""
        return f"http://127.0.0.1:{self.ports.otlp_http}"

    def living(self) -> tuple[Running, ...]:
        """The processes that still run."""
        return tuple(process for process in self.processes if alive(process))


def read_state(places: Places) -> State | None:
    """The stack that was started last and not stopped; None when there is none."""
    try:
        found = json.loads((places.state / "stack.json").read_text())
        return State(
            mode=found["mode"],
            ports=Ports(**found["ports"]),
            processes=tuple(Running(**process) for process in found["processes"]),
            traces=found["traces"],
            overlay=found["overlay"],
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def write_state(places: Places, state: State) -> None:
    """Replaces the file in one step."""
    places.state.mkdir(parents=True, exist_ok=True)
    new = places.state / "stack.json.new"
    new.write_text(json.dumps(asdict(state), indent=2))
    new.replace(places.state / "stack.json")


def forget_state(places: Places) -> None:
    """There is no stack any more."""
    (places.state / "stack.json").unlink(missing_ok=True)
