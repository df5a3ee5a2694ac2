"""What thresholds.yaml says, as records: thresholds and their overrides, budgets, links."""

from __future__ import annotations

from dataclasses import dataclass, field

GRAFANA = "http://localhost:3000"
RUNBOOKS = "https://github.com/agentgauge/agentgauge/blob/main/docs/runbooks"
QUERY_OFFSET = "1m"
LONGEST_INTERVAL = "2m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A threshold for one service, one agent, or one agent of one service (and tool, where there is one)."""

    threshold: float
    service: str | None = None
    agent: str | None = None
    tool: str | None = None

    @property
    def whom(self) -> tuple[str | None, ...]:
        """Service, agent, tool."""
        return (self.service, self.agent, self.tool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What holds for one indicator; `threshold` means nothing where it has no alert."""

    threshold: float
    window: str
    hold: str
    least_tokens: int
    least_calls: int
    least_agents: int
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a service, or one agent of it, may spend in a calendar month (UTC), in all environments."""

    service: str
    usd_per_month: float
    agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where alerts point to."""

    grafana: str = GRAFANA
    runbooks: str = RUNBOOKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The whole file, with defaults for what it leaves out."""

    settings: dict[str, Setting] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    query_offset: str = QUERY_OFFSET
    longest_interval: str = LONGEST_INTERVAL
    links: Links = field(default_factory=Links)
