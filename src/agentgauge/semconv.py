"""Names of spans and attributes, and the attributes of each kind of span written from our records.

Standard names are OpenTelemetry's GenAI conventions (open-telemetry/semantic-conventions-genai);
`agentgauge.*` exists only where the conventions have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentgauge.call import Call, Origin
    from agentgauge.totals import Totals

AttributeValue = str | bool | int | float | list[str] | list[int]

SCOPE_NAME = "agentgauge"
"""Instrumentation scope of every span that we write."""

PROMPT_ATTRIBUTES = (
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.prompt",
    "gen_ai.completion",
    "input.value",
    "output.value",
    "llm.",
    "embedding.",
    "retrieval.",
    "reranker.",
    "tool.description",
    "tool.parameters",
    "gen_ai.tool.description",
    "traceloop.entity.",
    "pydantic_ai.",
    "all_messages",
    "final_result",
    "model_request_parameters",
    "tool_arguments",
    "tool_response",
    "logfire.",
    "events",
    "metadata",
    "exception.message",
    "exception.stacktrace",
)
"""Prefixes of attributes, of any instrumentation, that hold what people and models said."""

USAGE_ATTRIBUTES = (
    "gen_ai.usage.",
    "gen_ai.aggregated_usage.",
    "operation.cost",
)
"""Prefixes of attributes in which spans of other instrumentations tell, or sum, what was used."""

CACHE_WRITE_1H = "agentgauge.usage.cache_write_1h_tokens"
"""Of the tokens written to the provider's cache those that it keeps for an hour, at a price of their own."""

_COUNTED = {"chat", "text_completion", "generate_content", "embeddings", "invoke_agent", "execute_tool"}
_COUNTED |= {"LLM", "EMBEDDING", "AGENT", "TOOL"}

_VOCABULARIES = ("gen_ai.", "openinference.", "llm.", "traceloop.", "ai.", "langfuse.")
"""Prefixes of what instrumentations say of models, agents and tools."""

COUNTED = "agentgauge.call.counted"
"""False on a span whose request, or run, is counted on another span or not at all."""

TOOL_COLUMNS = (
    "definition_tokens",
    "new_result_tokens",
    "carried_result_tokens",
    "call_tokens",
    "carried_call_tokens",
    "calls",
    "definition_nanousd",
    "new_result_nanousd",
    "carried_result_nanousd",
    "call_nanousd",
    "carried_call_nanousd",
)


def call_attributes(call: Call) -> dict[str, AttributeValue]:
    """All attributes of a call span; what is not known is absent."""
    attributes: dict[str, AttributeValue | None] = {
        **_request(call),
        **_response(call),
        **_usage(call),
        **origin_attributes(call.origin),
        "agentgauge.retry.count": call.retries,
        "agentgauge.outcome": call.outcome.value,
        "agentgauge.sampled": call.sampled,
        "error.type": call.error_type,
        "agentgauge.route.tier": call.route_tier,
        "agentgauge.route.bypassed": list(call.route_bypassed) or None,
    }
    return {name: value for name, value in attributes.items() if value is not None} | _tools(call)


def _request(call: Call) -> dict[str, AttributeValue | None]:
    request = call.request
    return {
        "gen_ai.operation.name": request.operation,
        "gen_ai.provider.name": request.provider,
        "gen_ai.request.model": request.model,
        "gen_ai.request.stream": request.stream or None,
        "server.address": request.server_address,
        "server.port": request.server_port,
        "agentgauge.call.action": request.action,
        "agentgauge.has_tools": request.has_tools,
        "agentgauge.input.chars": request.input_chars,
        "agentgauge.context.exceeded_limit": request.over_context,
    }


def _response(call: Call) -> dict[str, AttributeValue | None]:
    response, is_claude = call.response, call.request.provider == "anthropic"
    return {
        "gen_ai.response.model": response.model,
        "gen_ai.response.id": response.id,
        "gen_ai.response.finish_reasons": list(response.finish_reasons) or None,
        "gen_ai.response.time_to_first_chunk": response.time_to_first_chunk_s,
        "agentgauge.output.chars": response.output_chars,
        "openai.response.service_tier": None if is_claude else response.service_tier,
    }


def _usage(call: Call) -> dict[str, AttributeValue | None]:
    usage, cost = call.usage, call.cost
    return {
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
        "gen_ai.usage.cache_write.input_tokens": usage.cache_write,
        CACHE_WRITE_1H: usage.cache_write_1h,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
        "agentgauge.usage.source": call.usage_source.value,
        "agentgauge.cost.nanousd": cost.nanousd if cost else None,
        "agentgauge.cost.input_nanousd": cost.input_nanousd if cost else None,
        "agentgauge.cost.output_nanousd": cost.output_nanousd if cost else None,
        "agentgauge.cost.usd": cost.nanousd / 1e9 if cost else None,
        "agentgauge.cost.source": cost.source if cost else "unpriced",
    }


def _tools(call: Call) -> dict[str, AttributeValue]:
    out: dict[str, AttributeValue] = {}
    if call.not_attributable:
        out["agentgauge.tool.not_attributable"] = list(call.not_attributable)
    if not call.tools:
        return out
    definition, result, tool_call = call.tool_sums()
    out["agentgauge.usage.tool_definition_tokens"] = definition
    out["agentgauge.usage.tool_result_tokens"] = result
    out["agentgauge.usage.tool_call_tokens"] = tool_call
    out["agentgauge.tool.names"] = [tool.name for tool in call.tools]
    out["agentgauge.tool.offers"] = [int(tool.offered) for tool in call.tools]
    for column in TOOL_COLUMNS:
        out[f"agentgauge.tool.{column}"] = [getattr(tool, column) for tool in call.tools]
    if call.tool_source:
        out["agentgauge.tool.source"] = call.tool_source.value
    return out


def origin_attributes(origin: Origin) -> dict[str, AttributeValue | None]:
    """Who and for whom: on calls and on scopes."""
    return {
        "gen_ai.agent.name": origin.agent,
        "agentgauge.agent.role": origin.role,
        "agentgauge.agent.path": origin.agent_path or None,
        "gen_ai.workflow.name": origin.workflow,
        "agentgauge.workflow.id": origin.workflow_id,
        "agentgauge.workflow.branch": origin.branch,
        "session.id": origin.session_id,
        "user.id": origin.user_id,
        "gen_ai.conversation.id": origin.conversation_id,
        **{f"agentgauge.tag.{key}": value for key, value in origin.tags},
    }


def total_attributes(totals: Totals) -> dict[str, AttributeValue]:
    """Sums on agent and workflow spans; never summed into metrics."""
    found = {
        "agentgauge.total.calls": totals.calls,
        "agentgauge.total.retries": totals.retries,
        "agentgauge.total.input_tokens": totals.input_tokens,
        "agentgauge.total.output_tokens": totals.output_tokens,
        "agentgauge.total.tool_definition_tokens": totals.tool_definition_tokens,
        "agentgauge.total.tool_result_tokens": totals.tool_result_tokens,
        "agentgauge.total.tool_call_tokens": totals.tool_call_tokens,
        "agentgauge.total.cost_nanousd": totals.cost_nanousd,
    }
    return {name: value for name, value in found.items() if value is not None}


def of_foreign_span(attributes: Mapping[str, object]) -> dict[str, object]:
    """Attributes of a span that is no call and no scope: without content, and nothing by which it counts.

    A framework's span of a request, an agent or a tool stands beside the one that is counted here. The
    Collector knows such spans by other attributes as well, so it is told.
    """
    kept = {
        name: value
        for name, value in without_content(attributes).items()
        if not name.startswith(USAGE_ATTRIBUTES)
        and not (name in ("gen_ai.operation.name", "openinference.span.kind") and value in _COUNTED)
    }
    told = any(name.startswith(_VOCABULARIES) or name == "agent_name" for name in attributes)
    return kept | {COUNTED: False} if told else kept


def without_content(attributes: Mapping[str, object]) -> dict[str, object]:
    """Attributes of a foreign span without those that hold prompts, answers or messages of errors."""
    return {name: value for name, value in attributes.items() if not name.startswith(PROMPT_ATTRIBUTES)}
