"""The one record that runs through everything: a source makes it, later steps return a new one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

UNATTRIBUTED = "unattributed"
"""The agent of a call that was made outside any agent, so that shares add up to one."""


class Outcome(StrEnum):
    """How a call ended."""

    OK = "ok"
    ERROR = "error"
    CANCELLED = "cancelled"
    UNFINISHED = "unfinished"


class UsageSource(StrEnum):
    """Who said how many tokens a call used."""

    PROVIDER = "provider"
    ESTIMATED = "estimated"
    MIXED = "mixed"
    NONE = "none"


class ToolSource(StrEnum):
    """How the tokens of tools were found."""

    EXACT = "exact"
    APPORTIONED = "apportioned"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one call; None where nobody knows. Cached is part of input, reasoning part of output.

    `cache_write_1h` is part of `cache_write`: written to be kept for an hour, at a rate of its own.
    `has_audio`: some of the tokens are audio, which has rates of its own.
    `outside` is what the server's own total has beyond input and output, which it does not explain.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None
    has_audio: bool = False
    outside: int | None = None
    cache_write_1h: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Money of one call in nano-USD (10^-9 USD); `source` is who says so.

    genai-prices (the public list), override (the user), provider (the server billed it) or collector.
    """

    input_nanousd: int
    output_nanousd: int
    source: str

    @property
    def nanousd(self) -> int:
        """The whole cost."""
        return self.input_nanousd + self.output_nanousd


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One tool's share of one call, tokens and nano-USD.

    Definition, results and carried calls are part of the call's input; `call_tokens` of its output.
    """

    name: str
    offered: bool = False
    calls: int = 0
    definition_tokens: int = 0
    new_result_tokens: int = 0
    carried_result_tokens: int = 0
    call_tokens: int = 0
    carried_call_tokens: int = 0
    definition_nanousd: int = 0
    new_result_nanousd: int = 0
    carried_result_nanousd: int = 0
    call_nanousd: int = 0
    carried_call_nanousd: int = 0

    @property
    def result_tokens(self) -> int:
        """New and carried results."""
        return self.new_result_tokens + self.carried_result_tokens

    @property
    def nanousd(self) -> int:
        """All that this tool cost in this call."""
        return (
            self.definition_nanousd
            + self.new_result_nanousd
            + self.carried_result_nanousd
            + self.call_nanousd
            + self.carried_call_nanousd
        )


@dataclass(frozen=True, slots=True)
class Route:
    """The choice of a model: its tier, and `model (tier)` of those that were passed over.

    `timeout_s` is what an attempt may take; None leaves the client's own time-out alone.
    """

    model: str
    tier: str | None = None
    bypassed: tuple[str, ...] = ()
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a call: the innermost agent, role and workflow at the time it started."""

    agent: str = UNATTRIBUTED
    role: str | None = None
    agent_path: str = ""
    workflow: str | None = None
    workflow_id: str | None = None
    branch: str | None = None
    step: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    session_id: str | None = None
    user_id: str | None = None
    conversation_id: str | None = None
    route: Route | None = None

    def inside_agent(self, name: str) -> Origin:
        """Who owns what runs inside this agent; the path keeps the 8 innermost."""
        path = [*self.agent_path.split("/"), name] if self.agent_path else [name]
        return replace(self, agent=name, agent_path="/".join(path[-8:]))


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, of whom. `over_context` is what the model takes, in tokens, where this is more."""

    operation: str
    model: str
    provider: str | None = None
    stream: bool = False
    has_tools: bool = False
    action: str = "generate"
    server_address: str | None = None
    server_port: int | None = None
    input_chars: int | None = None
    over_context: int | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What came back.

    Attributes:
        service_tier: what the price depends on, as the server says: its tier, Claude's `fast` and `batch`.
        us_only: Claude was asked to stay in the United States, which costs more.
        hosted: uses of tools that run at the provider and have a fee: ((tool, uses), ...).
    """

    model: str | None = None
    id: str | None = None
    finish_reasons: tuple[str, ...] = ()
    time_to_first_chunk_s: float | None = None
    output_chars: int | None = None
    service_tier: str | None = None
    us_only: bool = False
    hosted: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One logical model request, whatever the number of its HTTP attempts.

    `trace_id` and `span_id` identify it everywhere. `cost` is None when it is unpriced.
    """

    trace_id: int
    span_id: int
    parent_span_id: int | None
    start_ns: int
    end_ns: int
    request: Request
    response: Response = field(default_factory=Response)
    origin: Origin = field(default_factory=Origin)
    usage: TokenUsage = field(default_factory=TokenUsage)
    usage_source: UsageSource = UsageSource.NONE
    cost: Cost | None = None
    tools: tuple[ToolUse, ...] = ()
    tool_source: ToolSource | None = None
    not_attributable: tuple[str, ...] = ()
    retries: int = 0
    outcome: Outcome = Outcome.OK
    error_type: str | None = None
    sampled: bool = True
    route_tier: str | None = None
    route_bypassed: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[int, int]:
        """What a call is known by: (trace id, span id)."""
        return self.trace_id, self.span_id

    @property
    def duration_s(self) -> float:
        """From the request's start to the end of its answer, retries and waits included."""
        return max(0, self.end_ns - self.start_ns) / 1e9

    @property
    def total_tokens(self) -> int:
        """Input + output; what is unknown adds nothing."""
        return (self.usage.input or 0) + (self.usage.output or 0)

    def tool_sums(self) -> tuple[int, int, int]:
        """Tokens of definitions, results (new and carried) and calls over all tools."""
        return (
            sum(t.definition_tokens for t in self.tools),
            sum(t.result_tokens for t in self.tools),
            sum(t.call_tokens for t in self.tools),
        )
