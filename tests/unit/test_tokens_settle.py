"""A call, our count of it and its price become the call that is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentgauge.call import Call, Cost, Outcome, Request, TokenUsage, ToolSource, UsageSource
from agentgauge.pricing import Price, Rates, cost_of
from agentgauge.tokens import Counted, Kind, OutputCalls, Segment, settle

PRICE = Price(
    "p", "m", Rates(input=1_000, output=4_000, cache_read=100, cache_write=2_000, reasoning=4_000, request=0)
)
COUNTED = Counted(
    segments=(
        Segment(Kind.DEFINITION, "search", 40),
        Segment(Kind.TEXT, None, 30),
        Segment(Kind.CALL_CARRIED, "search", 10),
        Segment(Kind.RESULT_NEW, "search", 20),
    ),
    output_tokens=12,
    output_calls=(OutputCalls("search", 2, 8),),
    offered=("search",),
    has_tools=True,
    input_readable=True,
    output_readable=True,
    known_encoding=True,
)


NOTHING = TokenUsage()


def a_call(usage=NOTHING, *, outcome=Outcome.OK, operation="chat", cost=None):
    known = usage.input is not None or usage.output is not None
    return Call(
        trace_id=1,
        span_id=2,
        parent_span_id=None,
        start_ns=0,
        end_ns=1,
        request=Request(operation, "gpt-4o"),
        usage=usage,
        usage_source=UsageSource.PROVIDER if known else UsageSource.NONE,
        cost=cost or (cost_of(usage, PRICE) if known else None),
        outcome=outcome,
    )


@pytest.mark.parametrize(
    ("usage", "settled", "source"),
    [
        (TokenUsage(100, 50), (100, 50), UsageSource.PROVIDER),
        (TokenUsage(), (100, 12), UsageSource.ESTIMATED),
        (TokenUsage(input=90), (90, 12), UsageSource.MIXED),
        (TokenUsage(output=50), (100, 50), UsageSource.MIXED),
        (TokenUsage(input=-5, output=10**30), (100, 12), UsageSource.ESTIMATED),
    ],
)
def test_what_the_server_did_not_say_is_counted_and_marked(usage, settled, source):
    call = settle(a_call(usage), COUNTED, PRICE)
    assert (call.usage.input, call.usage.output, call.usage_source) == (*settled, source)
    assert call.cost == cost_of(call.usage, PRICE)


def test_a_failed_call_without_an_answer_stays_unknown():
    no_answer = Counted(segments=COUNTED.segments, offered=("search",), input_readable=True)
    call = settle(a_call(outcome=Outcome.ERROR), no_answer, PRICE)
    assert (call.usage, call.usage_source, call.cost, call.tools) == (
        TokenUsage(),
        UsageSource.NONE,
        None,
        (),
    )


def test_a_cancelled_call_that_brought_nothing_used_its_input():
    no_answer = Counted(segments=COUNTED.segments, input_readable=True)
    call = settle(a_call(outcome=Outcome.CANCELLED), no_answer, PRICE)
    assert (call.usage.input, call.usage.output, call.usage_source) == (100, 0, UsageSource.ESTIMATED)


def test_an_answer_that_could_not_be_read_is_not_zero_tokens():
    call = settle(a_call(), Counted(segments=COUNTED.segments, input_readable=True), PRICE)
    assert (call.usage.input, call.usage.output) == (100, None)


def test_an_embedding_has_no_output_to_fill_in():
    call = settle(a_call(TokenUsage(input=7), operation="embeddings"), COUNTED, PRICE)
    assert (call.usage.output, call.usage_source) == (None, UsageSource.PROVIDER)


def test_each_tool_gets_its_parts():
    (tool,) = settle(a_call(TokenUsage(100, 50)), COUNTED, PRICE).tools
    assert (tool.name, tool.offered, tool.calls) == ("search", True, 2)
    assert (tool.definition_tokens, tool.carried_call_tokens, tool.new_result_tokens) == (40, 10, 20)
    assert (tool.definition_nanousd, tool.carried_call_nanousd, tool.new_result_nanousd) == (40, 10, 20)
    assert (tool.call_tokens, tool.call_nanousd) == (8, 32)


def test_a_definition_costs_the_rate_that_was_paid_for_it():
    usage = TokenUsage(100, 50, cache_read=30, cache_write=45)
    (tool,) = settle(a_call(usage), COUNTED, PRICE).tools
    # 30 of 40 cached, 10 written; text takes 30 of the 35 written tokens left, the call 5 and 5 plain ones.
    assert (tool.definition_nanousd, tool.carried_call_nanousd, tool.new_result_nanousd) == (23, 15, 20)


def test_parts_are_cut_to_fit_and_say_so():
    call = settle(a_call(TokenUsage(35, 4)), COUNTED, PRICE)
    (tool,) = call.tools
    assert (tool.definition_tokens, tool.carried_call_tokens, tool.new_result_tokens) == (20, 5, 10)
    assert tool.call_tokens == 4
    assert call.tool_source is ToolSource.APPORTIONED


def test_with_a_foreign_vocabulary_tools_and_text_are_cut_alike():
    (tool,) = settle(a_call(TokenUsage(50, 50)), replace(COUNTED, known_encoding=False), PRICE).tools
    assert (tool.definition_tokens, tool.carried_call_tokens, tool.new_result_tokens) == (20, 5, 10)


@pytest.mark.parametrize(
    ("total", "counted", "source"),
    [
        (100, COUNTED, ToolSource.EXACT),
        (104, COUNTED, ToolSource.EXACT),
        (105, COUNTED, ToolSource.ESTIMATED),
        (99, COUNTED, ToolSource.EXACT),
        (90, COUNTED, ToolSource.ESTIMATED),
        (60, COUNTED, ToolSource.APPORTIONED),
        (None, COUNTED, ToolSource.ESTIMATED),
        (100, replace(COUNTED, known_encoding=False), ToolSource.APPORTIONED),
        (100, replace(COUNTED, not_attributable=("web_search",)), ToolSource.ESTIMATED),
        (100, replace(COUNTED, uncounted_images=1), ToolSource.ESTIMATED),
    ],
)
def test_exact_needs_a_known_format_and_the_providers_total(total, counted, source):
    assert settle(a_call(TokenUsage(total, 50)), counted, PRICE).tool_source is source


def test_with_a_foreign_vocabulary_parts_grow_to_the_providers_total():
    (tool,) = settle(a_call(TokenUsage(200, 50)), replace(COUNTED, known_encoding=False), PRICE).tools
    assert (tool.definition_tokens, tool.carried_call_tokens, tool.new_result_tokens) == (80, 20, 40)


def test_they_do_not_grow_into_what_nobody_can_count():
    foreign = replace(COUNTED, known_encoding=False, not_attributable=("web_search",))
    (tool,) = settle(a_call(TokenUsage(200, 50)), foreign, PRICE).tools
    assert tool.definition_tokens == 40


def test_a_price_of_the_users_own_is_kept_and_bounds_the_tools():
    call = settle(a_call(TokenUsage(100, 50), cost=Cost(7, 3, "override")), COUNTED, PRICE)
    assert call.cost == Cost(7, 3, "override")
    assert sum(t.nanousd for t in call.tools) <= 10


def test_money_of_a_part_is_rounded_down():
    price = replace(
        PRICE, base=PRICE.base._replace(input=99)
    )  # 40, 10 and 20 tokens: 3.96, 0.99, 1.98 nano-USD
    (tool,) = settle(a_call(TokenUsage(100, 50)), COUNTED, price).tools
    assert (tool.definition_nanousd, tool.carried_call_nanousd, tool.new_result_nanousd) == (3, 0, 1)


def test_without_a_price_tools_have_tokens_and_no_cost():
    call = settle(a_call(), COUNTED, None)
    assert (call.cost, call.tools[0].nanousd, call.tools[0].definition_tokens) == (None, 0, 40)


def test_past_64_tools_the_rest_are_other():
    segments = tuple(Segment(Kind.DEFINITION, f"tool_{n}", 1) for n in range(100))
    counted = Counted(segments=segments, offered=tuple(f"tool_{n}" for n in range(100)), input_readable=True)
    tools = settle(a_call(TokenUsage(100, 1)), counted, PRICE).tools
    assert len(tools) == 64
    assert (tools[-1].name, tools[-1].definition_tokens) == ("other", 37)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a" * 100, "a" * 64),
        ("se\x00ar\nch", "search"),
        ("\ud800x", "x"),
        ("\u202e", "other"),
        ("búsqueda", "búsqueda"),
    ],
)
def test_names_are_cut_to_what_a_label_can_hold(name, shown):
    counted = Counted(segments=(Segment(Kind.DEFINITION, name, 1),), offered=(name,), input_readable=True)
    assert settle(a_call(TokenUsage(10, 1)), counted, PRICE).tools[0].name == shown
