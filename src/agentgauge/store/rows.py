"""Our records as rows of the store's tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentgauge.call import Call, Origin

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Process:
    """Which run and service the rows of this process belong to."""

    run_id: str
    service: str
    environment: str | None = None
    release: str | None = None


def span_key(trace_id: int, span_id: int) -> Row:
    """The two columns that identify a span in every table."""
    return {"trace_id": f"{trace_id:032x}", "span_id": f"{span_id:016x}"}


def parent_key(span_id: int | None) -> str | None:
    """A parent's span id as it is stored."""
    return f"{span_id:016x}" if span_id else None


def origin_row(origin: Origin) -> Row:
    """The columns of who made it, shared by calls and scopes."""
    return {
        "agent": origin.agent,
        "role": origin.role,
        "workflow": origin.workflow,
        "workflow_id": origin.workflow_id,
        "branch": origin.branch,
        "tags": json_text(dict(origin.tags)),
    }


def json_text(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """JSON as it stands in a column."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def call_row(call: Call, process: Process) -> Row:
    """A row of `calls`."""
    return {
        **span_key(call.trace_id, call.span_id),
        "parent_span_id": parent_key(call.parent_span_id),
        "run_id": process.run_id,
        "service": process.service,
        "environment": process.environment,
        "start_ns": call.start_ns,
        "end_ns": call.end_ns,
        **_asked(call),
        **origin_row(call.origin),
        "agent_path": call.origin.agent_path,
        "step": call.origin.step,
        "session_id": call.origin.session_id,
        "user_id": call.origin.user_id,
        "conversation_id": call.origin.conversation_id,
        **_used(call),
        "retries": call.retries,
        "outcome": call.outcome.value,
        "error_type": call.error_type,
        "sampled": call.sampled,
        "route_tier": call.route_tier,
        "route_bypassed": json_text(call.route_bypassed),
    }


def _asked(call: Call) -> Row:
    request, response = call.request, call.response
    return {
        "operation": request.operation,
        "provider": request.provider,
        "request_model": request.model,
        "response_model": response.model,
        "response_id": response.id,
        "finish_reasons": json_text(response.finish_reasons),
        "stream": request.stream,
        "has_tools": request.has_tools,
        "action": request.action,
        "server_address": request.server_address,
        "server_port": request.server_port,
        "time_to_first_chunk_s": response.time_to_first_chunk_s,
        "input_chars": request.input_chars,
        "output_chars": response.output_chars,
    }


def _used(call: Call) -> Row:
    usage, cost = call.usage, call.cost
    definition, result, tool_call = call.tool_sums()
    return {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
        "reasoning_tokens": usage.reasoning,
        "usage_source": call.usage_source.value,
        "tool_definition_tokens": definition,
        "tool_result_tokens": result,
        "tool_call_tokens": tool_call,
        "outside_tokens": usage.outside,
        "tool_source": call.tool_source.value if call.tool_source else None,
        "not_attributable": json_text(call.not_attributable),
        "cost_nanousd": cost.nanousd if cost else None,
        "input_nanousd": cost.input_nanousd if cost else None,
        "output_nanousd": cost.output_nanousd if cost else None,
        "cost_source": cost.source if cost else "unpriced",
    }


def tool_rows(call: Call) -> list[Row]:
    """The rows of `call_tools`, one a tool."""
    return [
        {
            **span_key(call.trace_id, call.span_id),
            "tool": tool.name,
            "offered": tool.offered,
            "calls": tool.calls,
            "definition_tokens": tool.definition_tokens,
            "new_result_tokens": tool.new_result_tokens,
            "carried_result_tokens": tool.carried_result_tokens,
            "call_tokens": tool.call_tokens,
            "carried_call_tokens": tool.carried_call_tokens,
            "cost_nanousd": tool.nanousd,
        }
        for tool in call.tools
    ]
