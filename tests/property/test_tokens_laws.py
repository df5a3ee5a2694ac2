"""Law 3, "of which", over random bodies, usages and prices; and nothing raises."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from agentgauge.call import Call, Cost, Outcome, Request, TokenUsage, UsageSource
from agentgauge.pricing import Price, Rates, cost_of
from agentgauge.tokens import Counted, Kind, OutputCalls, Segment, count, count_exchange, settle

TEXT = st.text(max_size=40) | st.sampled_from(["tool", "assistant", "function", "1", '{"q": 1}', "response."])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def mostly(strategy):
    return st.one_of(strategy, strategy, strategy, JUNK)


def record(**fields):
    return st.fixed_dictionaries({}, optional={k: mostly(v) for k, v in fields.items()})


NAMES = st.sampled_from(["search", "open", "x" * 90, "\ud800"]) | st.integers(0, 99).map("tool_{}".format)
IDS = st.sampled_from(["1", "2", "3"])
SCHEMA = st.deferred(
    lambda: record(
        type=st.sampled_from(["object", "string", "array"]) | st.just(["string", "null"]),
        description=TEXT,
        title=TEXT,
        properties=st.dictionaries(TEXT, SCHEMA, max_size=3),
        items=SCHEMA,
        enum=st.lists(JUNK, max_size=3),
        anyOf=st.lists(SCHEMA, max_size=2),
        default=JUNK,
        **{"$ref": st.just("#/properties/a"), "$defs": JUNK},
    )
)
FUNCTION = record(name=NAMES, description=TEXT, parameters=SCHEMA, arguments=TEXT)
CALL = record(id=IDS, index=st.integers(0, 3), function=FUNCTION)
CONTENT = TEXT | st.lists(record(type=st.sampled_from(["text", "image_url"]), text=TEXT), max_size=3)
ROLE = st.sampled_from(["system", "user", "assistant", "tool", "function"])
MESSAGE = record(
    role=ROLE,
    content=CONTENT,
    name=TEXT,
    tool_calls=st.lists(CALL, max_size=3),
    function_call=FUNCTION,
    tool_call_id=IDS,
)
ITEM = record(
    type=st.sampled_from(
        ["message", "function_call", "function_call_output", "reasoning", "web_search_call"]
    ),
    role=ROLE,
    content=CONTENT,
    call_id=IDS,
    name=NAMES,
    arguments=TEXT,
    output=TEXT,
)
TOOL = record(
    type=st.sampled_from(["function", "web_search"]), function=FUNCTION, name=NAMES, parameters=SCHEMA
)
REQUEST = record(
    messages=st.lists(mostly(MESSAGE), max_size=6),
    tools=st.lists(mostly(TOOL), max_size=80),
    functions=st.lists(FUNCTION, max_size=2),
    tool_choice=record(function=FUNCTION),
    parallel_tool_calls=st.booleans(),
) | record(
    input=TEXT | st.lists(mostly(ITEM), max_size=6), tools=st.lists(mostly(TOOL), max_size=4), prompt=CONTENT
)
CHOICE = record(index=st.integers(0, 2), message=MESSAGE, delta=MESSAGE, text=TEXT)
EVENT = record(
    type=st.sampled_from(
        [
            "response.output_text.delta",
            "response.function_call_arguments.delta",
            "response.output_item.added",
            "response.completed",
        ]
    ),
    output_index=st.integers(0, 2),
    delta=TEXT,
    item=ITEM,
    response=record(output=st.lists(ITEM, max_size=3)),
)
ANSWER = (
    record(choices=st.lists(mostly(CHOICE), max_size=3))
    | EVENT
    | record(output=st.lists(mostly(ITEM), max_size=3))
)
TOKENS = st.none() | st.integers(-5, 300) | st.integers(0, 10**13)
USAGE = st.builds(TokenUsage, TOKENS, TOKENS, TOKENS, TOKENS, TOKENS, cache_write_1h=TOKENS)
RATE = st.integers(0, 10**8)
PRICE = st.builds(
    Price,
    st.just("p"),
    st.just("m"),
    st.builds(Rates, RATE, RATE, RATE, RATE, RATE, RATE, RATE),
    st.just(()) | st.tuples(st.tuples(st.integers(0, 4), st.tuples(st.tuples(st.integers(0, 300), RATE)))),
)
MODEL = st.sampled_from(["gpt-4o", "gpt-5", "gpt-4", "claude-sonnet-4-5"])
OPERATION = st.sampled_from(["chat", "chat", "text_completion", "embeddings"])


def assert_law_3(call: Call) -> None:
    usage = call.usage
    total_in, total_out = usage.input or 0, usage.output or 0
    assert 0 <= (usage.cache_read or 0) + (usage.cache_write or 0) <= total_in
    assert 0 <= (usage.reasoning or 0) <= total_out
    of_input = [
        (t.definition_tokens, t.new_result_tokens, t.carried_result_tokens, t.carried_call_tokens)
        for t in call.tools
    ]
    assert all(n >= 0 for parts in of_input for n in parts)
    assert sum(map(sum, of_input)) <= total_in
    assert 0 <= sum(t.call_tokens for t in call.tools) <= total_out
    paid = call.cost or Cost(0, 0, "")
    for_calls = sum(t.call_nanousd for t in call.tools)
    assert 0 <= sum(t.nanousd for t in call.tools) - for_calls <= paid.input_nanousd
    assert 0 <= for_calls <= paid.output_nanousd


@settings(max_examples=300, deadline=None)
@given(
    operation=OPERATION,
    model=MODEL,
    request=REQUEST | JUNK,
    answers=st.lists(mostly(ANSWER), max_size=5),
    usage=USAGE,
    price=st.none() | PRICE,
    outcome=st.sampled_from(Outcome),
    override=st.none() | st.builds(Cost, st.integers(0, 1000), st.integers(0, 1000), st.just("override")),
)
def test_parts_never_exceed_their_wholes(operation, model, request, answers, usage, price, outcome, override):
    counted = count_exchange(operation=operation, model=model, request=request, answers=answers)
    known = usage.input is not None or usage.output is not None
    call = Call(
        trace_id=1,
        span_id=2,
        parent_span_id=None,
        start_ns=0,
        end_ns=1,
        request=Request(operation, model),
        usage=usage,
        usage_source=UsageSource.PROVIDER if known else UsageSource.NONE,
        cost=override or (cost_of(usage, price) if price and known else None),
        outcome=outcome,
    )
    settled = settle(call, counted, price)
    assert_law_3(settled)
    assert len(settled.tools) <= 64
    assert all(len(t.name) <= 64 and t.name.encode() for t in settled.tools)
    assert settle(settled, counted, price).tools == settled.tools


SEGMENT = st.builds(Segment, st.sampled_from(list(Kind)), NAMES, st.integers(0, 200)).map(
    lambda s: replace(s, tool=None) if s.kind is Kind.TEXT else s
)
COUNTED = st.builds(
    Counted,
    segments=st.lists(SEGMENT, max_size=8).map(tuple),
    output_tokens=st.integers(0, 400),
    output_calls=st.lists(st.builds(OutputCalls, NAMES, st.integers(1, 3), st.integers(0, 200))).map(tuple),
    input_readable=st.booleans(),
    output_readable=st.booleans(),
    known_encoding=st.booleans(),
)
SMALL = st.none() | st.integers(0, 500)


@settings(max_examples=500, deadline=None)
@given(
    counted=COUNTED,
    usage=st.builds(TokenUsage, SMALL, SMALL, SMALL, SMALL, SMALL),
    price=PRICE,
    outcome=st.sampled_from(Outcome),
)
def test_parts_of_any_count_fit_any_usage(counted, usage, price, outcome):
    call = Call(1, 2, None, 0, 1, Request("chat", "m"), usage=usage, outcome=outcome)
    assert_law_3(settle(call, counted, price))


@settings(max_examples=100, deadline=None)
@given(
    messages=st.lists(mostly(MESSAGE), max_size=5),
    tools=st.none() | st.lists(mostly(TOOL), max_size=5),
    model=MODEL,
)
def test_the_parts_of_an_estimate_add_up(messages, tools, model):
    e = count(messages, tools=tools, model=model)
    parts = e.system, e.user, e.assistant, e.tool_definitions, e.tool_results, e.tool_calls, e.overhead
    assert sum(parts) == e.input_tokens
    assert all(part >= 0 for part in parts)
