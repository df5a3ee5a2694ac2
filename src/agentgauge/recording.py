"""`record_call()`: a call that no instrumentation sees, written by hand."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from agentgauge import ledger
from agentgauge.call import Call, Cost, Outcome, Request, TokenUsage, ToolSource, ToolUse, UsageSource
from agentgauge.errors import ConfigError
from agentgauge.guard import guarded
from agentgauge.labels import Few, clean_label
from agentgauge.ledger import USD
from agentgauge.pipeline import neighbours, runtime
from agentgauge.sources.usage import MOST_TOKENS
from agentgauge.tokens.attribution import MOST_TOOLS, tool_label
from agentgauge.tokens.history import OTHER

if TYPE_CHECKING:
    from enum import StrEnum

    from agentgauge.call import Origin
    from agentgauge.ledger import Account

MOST_ACTIONS = 32
_TYPE_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,63}")
MOST_USD = 1_000_000
MOST_SECONDS = 30 * 86_400
_actions = Few(MOST_ACTIONS, known=("generate", "stream", "analyze", "test"))
_TOOL_FIELDS = (
    "definition_tokens",
    "new_result_tokens",
    "carried_result_tokens",
    "call_tokens",
    "carried_call_tokens",
    "calls",
)


def record_call(  # noqa: PLR0913  # the fields of a record written by hand
    *,
    model: str,
    input_tokens: int | None,
    output_tokens: int | None,
    provider: str | None = None,
    agent: str | None = None,
    action: str = "generate",
    reasoning_tokens: int | None = None,
    cache_read_tokens: int | None = None,
    cache_write_tokens: int | None = None,
    cache_write_1h_tokens: int | None = None,
    tools: Mapping[str, Mapping[str, int]] | None = None,
    duration_s: float | None = None,
    outcome: str = "ok",
    error: str | BaseException | None = None,
    cost_usd: float | None = None,
    usage_source: str = "provider",
) -> None:
    """Records one call that nothing instruments. Agent, role and workflow come from the scope.

    Args:
        model: what was asked for.
        input_tokens: all input, cached included; None when nobody knows.
        output_tokens: all output, reasoning included; None when nobody knows.
        provider: openai, anthropic …; without it the call has no price.
        agent: in place of the scope's agent.
        action: generate, stream, analyze, test, or a word of your own (the first 28 different ones).
        reasoning_tokens: part of output.
        cache_read_tokens: part of input.
        cache_write_tokens: part of input, beside what was read.
        cache_write_1h_tokens: part of those written: kept for an hour, at a price of their own.
        tools: tool name -> any of definition_tokens, new_result_tokens, carried_result_tokens,
            call_tokens, carried_call_tokens (parts of input and output), and calls.
        duration_s: how long it took; it ended now.
        outcome: ok, error or cancelled.
        error: the error, or the name of its type; any other text is kept as `other`, never as it is.
        cost_usd: what it cost, in place of the price list.
        usage_source: provider, or estimated when the numbers were counted.

    Raises:
        ConfigError: a number is negative or no number, a part is larger than its whole, or a word is
            not one of those above. Nothing is recorded then.
    """
    if not isinstance(model, str) or not model.strip():
        raise ConfigError(f"record_call: model must be the model's name, not {model!r}.")
    active = runtime.active()
    usage = TokenUsage(
        _tokens("input_tokens", input_tokens),
        _tokens("output_tokens", output_tokens),
        _part("cache_read_tokens", cache_read_tokens, input_tokens),
        _part("cache_write_tokens", cache_write_tokens, input_tokens),
        _part("reasoning_tokens", reasoning_tokens, output_tokens),
        cache_write_1h=_part("cache_write_1h_tokens", cache_write_1h_tokens, cache_write_tokens or 0),
    )
    cached = (cache_read_tokens or 0) + (cache_write_tokens or 0)
    _part("cache_read_tokens and cache_write_tokens", cached, input_tokens)
    used = _tools(tools or {}, usage)
    lasted_ns = _duration_ns(duration_s)
    ended, source = _word("outcome", outcome, Outcome), _word("usage_source", usage_source, UsageSource)
    cost = _cost(cost_usd, usage)
    if active is None:
        return
    with guarded("recording a call by hand"):
        account = ledger.current()
        end_ns = time.time_ns()
        parent = neighbours.innermost().get_span_context()
        generator = active.provider.id_generator
        call = Call(
            trace_id=parent.trace_id or generator.generate_trace_id(),
            span_id=generator.generate_span_id(),
            parent_span_id=parent.span_id or None,
            start_ns=end_ns - lasted_ns,
            end_ns=end_ns,
            request=Request(
                operation="chat",
                model=clean_label(model),
                provider=clean_label(provider) if provider else None,
                stream=action == "stream",
                has_tools=any(tool.offered for tool in used),
                action=_actions(clean_label(action, most=64)),
            ),
            origin=_origin_with(account, agent),
            usage=usage,
            usage_source=_source(usage, source),
            cost=cost,
            tools=used,
            outcome=Outcome(ended),
            tool_source=ToolSource.ESTIMATED if used else None,
            error_type=_error_type(error),
        )
        call = active.pipeline.prices.priced(call) if call.cost is None else call
        call = replace(call, tools=tuple(_paid(tool, call) for tool in call.tools))
        active.pipeline.record(call, account=account)


def _error_type(error: object) -> str | None:
    if not error:
        return None
    if isinstance(error, BaseException):
        error = type(error).__name__
    return error if isinstance(error, str) and _TYPE_NAME.fullmatch(error) else "other"


def _paid(tool: ToolUse, call: Call) -> ToolUse:
    """The tool's part of what the call cost, at the average rate of its side, rounded down."""
    cost, usage = call.cost, call.usage
    if cost is None:
        return tool

    def of_input(tokens: int) -> int:
        return cost.input_nanousd * tokens // usage.input if usage.input else 0

    return replace(
        tool,
        definition_nanousd=of_input(tool.definition_tokens),
        new_result_nanousd=of_input(tool.new_result_tokens),
        carried_result_nanousd=of_input(tool.carried_result_tokens),
        carried_call_nanousd=of_input(tool.carried_call_tokens),
        call_nanousd=cost.output_nanousd * tool.call_tokens // usage.output if usage.output else 0,
    )


def _origin_with(account: Account, agent: str | None) -> Origin:
    if agent is None:
        return account.origin
    label = clean_label(agent)
    path = account.origin.agent_path
    return replace(account.origin, agent=label, agent_path=f"{path}/{label}" if path else label)


def _source(usage: TokenUsage, said: str) -> UsageSource:
    known = usage.input is not None or usage.output is not None
    return UsageSource(said) if known else UsageSource.NONE


def _tokens(name: str, value: int | None) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TOKENS:
        raise ConfigError(f"record_call: {name} must be a count from 0 to {MOST_TOKENS:,}, not {value!r}.")
    return value


def _part(name: str, value: int | None, whole: int | None) -> int | None:
    count = _tokens(name, value)
    if count is not None and whole is not None and count > whole:
        raise ConfigError(
            f"record_call: {name} ({count:,}) is more than the whole it is part of ({whole:,})."
        )
    return count


def _duration_ns(seconds: float | None) -> int:
    if seconds is None:
        return 0
    if not isinstance(seconds, int | float) or not 0 <= seconds <= MOST_SECONDS:
        raise ConfigError(f"record_call: duration_s must be from 0 to {MOST_SECONDS:,}, not {seconds!r}.")
    return round(seconds * 1e9)


def _word(name: str, value: str, words: type[StrEnum]) -> str:
    known = [word.value for word in words if word.value not in {"unfinished", "none"}]
    if value not in known:
        raise ConfigError(f"record_call: {name} must be one of {', '.join(known)}, not {value!r}.")
    return value


def _cost(usd: float | None, usage: TokenUsage) -> Cost | None:
    """What the caller says it cost, on the input side as far as its share of the tokens goes."""
    if usd is None:
        return None
    amount = Decimal(str(usd)) if isinstance(usd, int | float | Decimal) else Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= MOST_USD:
        raise ConfigError(f"record_call: cost_usd must be from 0 to {MOST_USD:,}, not {usd!r}.")
    nanousd, given = round(amount * USD), usage.input or 0
    whole = given + (usage.output or 0)
    into = nanousd * given // whole if whole else nanousd
    return Cost(into, nanousd - into, "override")


def _tools(tools: Mapping[str, Mapping[str, int]], usage: TokenUsage) -> tuple[ToolUse, ...]:
    used = []
    if not (isinstance(tools, Mapping) and all(isinstance(counts, Mapping) for counts in tools.values())):
        raise ConfigError(
            f'record_call: tools must be like {{"search": {{"definition_tokens": 120}}}}, not {tools!r}.'
        )
    for name, counts in tools.items():
        unknown = set(counts) - set(_TOOL_FIELDS)
        if unknown:
            raise ConfigError(
                f"record_call: tool {name!r} has unknown fields {sorted(unknown)}; "
                f"it may have {', '.join(_TOOL_FIELDS)}."
            )
        checked = {field: _tokens(f"tools[{name!r}].{field}", count) or 0 for field, count in counts.items()}
        used.append(ToolUse(tool_label(str(name)), offered="definition_tokens" in counts, **checked))
    into = sum(tool.definition_tokens + tool.result_tokens + tool.carried_call_tokens for tool in used)
    out = sum(tool.call_tokens for tool in used)
    _part("the tools' definitions, results and carried calls", into, usage.input)
    _part("the tools' calls", out, usage.output)
    return _bounded(used)


def _bounded(used: list[ToolUse]) -> tuple[ToolUse, ...]:
    """One a label, at most 64: the rest are `other`."""
    labels = list(dict.fromkeys(tool.name for tool in used))
    kept = set(labels if len(labels) <= MOST_TOOLS else labels[: MOST_TOOLS - 1])
    found: dict[str, ToolUse] = {}
    for tool in used:
        name = tool.name if tool.name in kept else OTHER
        known = found.get(name, ToolUse(name))
        sums = {field: getattr(known, field) + getattr(tool, field) for field in _TOOL_FIELDS}
        found[name] = replace(known, offered=known.offered or tool.offered, **sums)
    return tuple(found.values())
