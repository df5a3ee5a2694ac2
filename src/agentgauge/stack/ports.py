"""Which ports of 127.0.0.1 the stack listens on."""

from __future__ import annotations

import random
import socket
from contextlib import closing
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from agentgauge.stack.shipped import StackError

if TYPE_CHECKING:
    from collections.abc import Iterable

HOST = "127.0.0.1"
_AUTO = range(20_000, 32_000)  # below the ports that systems give to whoever asks for any
_LAST = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """TCP ports; each name is what `--ports` calls it, with a dash for the underscore."""

    otlp_http: int = 4318
    otlp_grpc: int = 4317
    collector_health: int = 13133
    collector_metrics: int = 8888
    prometheus: int = 9090
    alertmanager: int = 9093
    tempo: int = 3200
    tempo_otlp: int = 14317
    tempo_grpc: int = 9095
    grafana: int = 3000


NAMES = tuple(field.name for field in fields(Ports))


def parse_ports(given: Iterable[str]) -> Ports:
    """Ports from words like `prometheus=19090`, or `auto` for any free ones.

    Raises:
        StackError: a word is neither.
    """
    ports = Ports()
    for word in (part.strip() for text in given for part in text.split(",")):
        if word == "auto":
            ports = _free_ports()
            continue
        name, _, number = word.partition("=")
        field = name.strip().replace("-", "_")
        if field not in NAMES or not number.isdecimal() or not 0 < int(number) <= _LAST:
            known = ", ".join(name.replace("_", "-") for name in NAMES)
            raise StackError(f"--ports {word}: write NAME=PORT, or auto. The names are {known}.")
        ports = replace(ports, **{field: int(number)})
    return ports


def _free_ports() -> Ports:
    candidates = random.sample(_AUTO, len(_AUTO))
    found = (port for port in candidates if is_free(port))
    return Ports(**{name: next(found) for name in NAMES})


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def need_free(ports: Ports, names: Iterable[str]) -> None:
    """Checks the ports that these names have.

    Raises:
        StackError: one is taken; says which, and how to choose another.
    """
    numbers = asdict(ports)
    for name in names:
        if not is_free(numbers[name]):
            word = name.replace("_", "-")
            raise StackError(
                f"Port {numbers[name]} of {HOST} ({word}) is taken by another program. Stop that one, or "
                f"choose another port: agentgauge up --ports {word}=PORT (or --ports auto for free ones)"
            )
