"""Joins a call, our count of it and its price: the call that is stored and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agentgauge.call import Outcome, ToolSource, UsageSource
from agentgauge.pricing import cost_of
from agentgauge.tokens.attribution import attribute
from agentgauge.tokens.fitting import fit

if TYPE_CHECKING:
    from agentgauge.call import Call, Cost, Request, Response, TokenUsage, ToolUse
    from agentgauge.pricing import Price
    from agentgauge.tokens.counted import Counted
    from agentgauge.tokens.fitting import Fitted

MOST_TOKENS = 10**12
"""More than any call can have: a server that says so, or a negative number, is taken to have said nothing."""


def settle(call: Call, counted: Counted, price: Price | None) -> Call:
    """The call with its tools, and with our count where the server gave none.

    Usage that is filled in is marked `estimated` or `mixed` and priced again. A call that failed without an
    answer gets no estimates: nobody knows what it used. Whatever came in, cached <= input,
    definitions + results + carried calls <= input, reasoning and calls <= output, and tools cost at most what
    their side of the call costs.

    Args:
        call: as its source read it.
        counted: our count of the same exchange.
        price: of the call's model, None where it is unknown.
    """
    usage, source = _filled(call, _possible(call.usage), counted)
    cost = call.cost if usage == call.usage and call.cost is not None else _priced(call, usage, price)
    tools: tuple[ToolUse, ...] = ()
    tool_source = None
    if _has_any(usage):
        fitted = fit(counted, usage)
        tools = attribute(fitted, usage=usage, cost=cost, price=price)
        tool_source = _tool_source(
            fitted, told=call.usage.input is not None and usage.input == call.usage.input
        )
    request, response = _with_chars(call, counted)
    return replace(
        call,
        request=request,
        response=response,
        usage=usage,
        usage_source=source,
        cost=cost,
        tools=tools,
        tool_source=tool_source if tools else None,
        not_attributable=counted.not_attributable,
    )


def _tool_source(fitted: Fitted, *, told: bool) -> ToolSource:
    """`exact` needs the provider's word on the whole request, and ours to agree with it."""
    if not told:
        return ToolSource.ESTIMATED
    if fitted.scaled:
        return ToolSource.APPORTIONED
    return ToolSource.EXACT if fitted.agrees else ToolSource.ESTIMATED


def _priced(call: Call, usage: TokenUsage, price: Price | None) -> Cost | None:
    if call.cost is not None and (price is None or call.cost.source != price.source):
        return call.cost  # an amount that was told, not one by a price
    return cost_of(usage, price) if price is not None and _has_any(usage) else None


def _with_chars(call: Call, counted: Counted) -> tuple[Request, Response]:
    request = replace(
        call.request,
        has_tools=call.request.has_tools or counted.has_tools,
        input_chars=counted.input_chars if counted.input_readable else call.request.input_chars,
    )
    chars = counted.output_chars if counted.output_readable else call.response.output_chars
    return request, replace(call.response, output_chars=chars)


def _has_any(usage: TokenUsage) -> bool:
    return usage.input is not None or usage.output is not None


def _possible(usage: TokenUsage) -> TokenUsage:
    """The usage without numbers that cannot be."""

    def possible(tokens: int | None) -> int | None:
        return tokens if tokens is not None and 0 <= tokens <= MOST_TOKENS else None

    return type(usage)(
        input=possible(usage.input),
        output=possible(usage.output),
        cache_read=possible(usage.cache_read),
        cache_write=possible(usage.cache_write),
        cache_write_1h=possible(usage.cache_write_1h),
        reasoning=possible(usage.reasoning),
        has_audio=usage.has_audio,
        outside=possible(usage.outside),
    )


def _filled(call: Call, told: TokenUsage, counted: Counted) -> tuple[TokenUsage, UsageSource]:
    """Usage with our count where the server gave none, parts cut to fit their wholes, and who said it."""
    given = told.input is not None, told.output is not None
    total_in, total_out = told.input, told.output
    if call.outcome is not Outcome.ERROR or counted.output_readable:
        if total_in is None and counted.input_readable:
            total_in = counted.input_tokens
        # A cancelled call that brought nothing has written nothing; otherwise silence is not zero.
        known = counted.output_readable or call.outcome is Outcome.CANCELLED
        if total_out is None and known and call.request.operation != "embeddings":
            total_out = counted.output_tokens
    usage = _cut(replace(told, input=total_in, output=total_out))
    ours = (total_in is not None and not given[0]) or (total_out is not None and not given[1])
    if not _has_any(usage):
        return usage, UsageSource.NONE
    if not ours:
        said = call.usage_source
        return usage, UsageSource.PROVIDER if said is UsageSource.NONE else said
    if any(given) and call.usage_source is not UsageSource.ESTIMATED:
        return usage, UsageSource.MIXED
    return usage, UsageSource.ESTIMATED


def _cut(usage: TokenUsage) -> TokenUsage:
    read, write, reasoning = usage.cache_read, usage.cache_write, usage.reasoning
    if read is not None:
        read = min(read, usage.input or 0)
    if write is not None:
        write = min(write, (usage.input or 0) - (read or 0))
    if reasoning is not None:
        reasoning = min(reasoning, usage.output or 0)
    return replace(usage, cache_read=read, cache_write=write, reasoning=reasoning)
