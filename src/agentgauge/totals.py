"""T of the contract: the sums that every scope, report and export shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agentgauge.call import Outcome, UsageSource

if TYPE_CHECKING:
    from agentgauge.call import Call

WASTED = (Outcome.ERROR, Outcome.CANCELLED)


@dataclass(frozen=True, slots=True)
class Running:
    """An estimate of what streams that are under way have used so far; it is in no sum.

    Attributes:
        streams: how many.
        input_tokens: of their requests, counted here unless the server has told them.
        output_tokens: of what has come of their answers.
        cost_nanousd: of both; None where no stream has a price.
    """

    streams: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nanousd: int | None = None

    @property
    def cost_usd(self) -> float | None:
        """The same in USD."""
        return None if self.cost_nanousd is None else self.cost_nanousd / 1e9

    def __add__(self, other: Running) -> Running:
        costs = [cost for cost in (self.cost_nanousd, other.cost_nanousd) if cost is not None]
        return Running(
            self.streams + other.streams,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            sum(costs) if costs else None,
        )


@dataclass(slots=True)
class Totals:
    """Sums over calls. Tokens are counts, money is nano-USD, `duration_s` is time spent in model calls.

    `reasoning_tokens` is None when no server reported any; `cost_nanousd` is None when nothing is priced.
    Tool definition and result tokens are part of input, tool call tokens part of output. `outside_tokens`,
    which no JSON of ours has, is what servers' own totals have beyond input and output.
    """

    calls: int = 0
    requests: int = 0
    errors: int = 0
    cancelled: int = 0
    unfinished: int = 0
    retries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int | None = None
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    tool_definition_tokens: int = 0
    tool_result_tokens: int = 0
    tool_call_tokens: int = 0
    total_tokens: int = 0
    cost_nanousd: int | None = None
    unpriced_tokens: int = 0
    wasted_tokens: int = 0
    wasted_cost_nanousd: int = 0
    duration_s: float = 0.0
    usage_sources: dict[str, int] = field(default_factory=lambda: {s.value: 0 for s in UsageSource})
    outside_tokens: int = 0

    def add(self, call: Call) -> None:
        """Counts one call in."""
        definition, result, tool_call = call.tool_sums()
        usage = call.usage
        self.calls += 1
        self.requests += 1 + call.retries
        self.retries += call.retries
        self.errors += call.outcome is Outcome.ERROR
        self.cancelled += call.outcome is Outcome.CANCELLED
        self.unfinished += call.outcome is Outcome.UNFINISHED
        self.input_tokens += usage.input or 0
        self.output_tokens += usage.output or 0
        self.total_tokens += call.total_tokens
        if usage.reasoning is not None:
            self.reasoning_tokens = (self.reasoning_tokens or 0) + usage.reasoning
        self.cache_read_tokens += usage.cache_read or 0
        self.cache_write_tokens += usage.cache_write or 0
        self.tool_definition_tokens += definition
        self.tool_result_tokens += result
        self.tool_call_tokens += tool_call
        if call.cost is None:
            self.unpriced_tokens += call.total_tokens
        else:
            self.cost_nanousd = (self.cost_nanousd or 0) + call.cost.nanousd
        if call.outcome in WASTED:
            self.wasted_tokens += call.total_tokens
            self.wasted_cost_nanousd += call.cost.nanousd if call.cost else 0
        self.duration_s += call.duration_s
        self.usage_sources[call.usage_source] += 1
        self.outside_tokens += usage.outside or 0

    def merge(self, other: Totals) -> None:
        """Adds another sum, field by field; what is None on both sides stays None."""
        for name in Totals.__dataclass_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if name == "usage_sources":
                for source, calls in theirs.items():
                    mine[source] += calls
            elif theirs is not None:
                setattr(self, name, (mine or 0) + theirs)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, keys in the contract's order."""
        names = (name for name in Totals.__dataclass_fields__ if name != "outside_tokens")
        return {name: _copy(getattr(self, name)) for name in names}


def _copy(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value
