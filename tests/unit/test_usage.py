"""Usage as servers send it: what cannot be true is unknown, and never corrected to something plausible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgauge.call import TokenUsage
from agentgauge.sources.usage import MOST_TOKENS, read_usage


def read(usage):
    return read_usage([{"usage": usage}])


FORMS = {
    "chat completions": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "prompt_tokens_details": {"cached_tokens": 40},
            "completion_tokens_details": {"reasoning_tokens": 20},
        },
        TokenUsage(100, 50, 40, None, 20),
    ),
    "responses": (
        {
            "input_tokens": 100,
            "output_tokens": 50,
            "input_tokens_details": {"cached_tokens": 40},
            "output_tokens_details": {"reasoning_tokens": 20},
        },
        TokenUsage(100, 50, 40, None, 20),
    ),
    "embeddings": ({"prompt_tokens": 8, "total_tokens": 8}, TokenUsage(8)),
    "cache told apart": (
        {"prompt_tokens": 100, "completion_tokens": 5, "prompt_cache_hit_tokens": 60},
        TokenUsage(100, 5, 60),
    ),
    "cache written": (
        {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cache_write_tokens": 4}},
        TokenUsage(9, 5, None, 4),
    ),
    "cache written by Claude, for minutes and for an hour": (
        {
            "input_tokens": 9,
            "output_tokens": 5,
            "cache_read_input_tokens": 0,
            "cache_creation_input_tokens": 40,
            "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 30},
        },
        TokenUsage(49, 5, 0, 40, cache_write_1h=30),
    ),
    "reasoning outside of output, as its total shows": (
        {"prompt_tokens": 10, "completion_tokens": 5, "reasoning_tokens": 7, "total_tokens": 22},
        TokenUsage(10, 12, reasoning=7),
    ),
    "nothing": ({}, TokenUsage()),
}


@pytest.mark.parametrize(("usage", "expected"), FORMS.values(), ids=FORMS)
def test_each_form_is_read_into_the_same_numbers(usage, expected):
    reading = read(usage)

    assert reading.usage == expected
    assert reading.problems == ()


@pytest.mark.parametrize("count", [-1, 1.5, "9", True, [9], {}, float("nan"), float("inf"), MOST_TOKENS + 1])
def test_what_is_no_count_is_unknown_and_said(count):
    reading = read({"prompt_tokens": count, "completion_tokens": 4})

    assert reading.usage == TokenUsage(None, 4)
    assert reading.problems == ("prompt_tokens is no count of tokens",)


def test_a_whole_float_is_a_count():
    assert read({"prompt_tokens": 9.0, "completion_tokens": 4}).usage == TokenUsage(9, 4)


@pytest.mark.parametrize(
    ("details", "problem"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 11}}, "more cached than input tokens"),
        ({"completion_tokens_details": {"reasoning_tokens": 6}}, "more reasoning than output tokens"),
    ],
)
def test_a_part_that_is_more_than_its_whole_is_unknown(details, problem):
    reading = read({"prompt_tokens": 10, "completion_tokens": 5} | details)

    assert reading.usage == TokenUsage(10, 5)
    assert reading.problems == (problem,)


def test_of_a_stream_the_last_usage_counts():
    chunks = [
        {"usage": {"prompt_tokens": 9, "completion_tokens": 1}},
        {"usage": {"prompt_tokens": 9, "completion_tokens": 4}},
        {"choices": [], "usage": None},
    ]

    assert read_usage(chunks).usage == TokenUsage(9, 4)


def test_usage_inside_an_event_is_found():
    event = {"type": "response.completed", "response": {"usage": {"input_tokens": 9, "output_tokens": 4}}}

    assert read_usage([event]).usage == TokenUsage(9, 4)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
names = st.sampled_from(
    [
        "prompt_tokens",
        "completion_tokens",
        "input_tokens",
        "total_tokens",
        "reasoning_tokens",
        "cached_tokens",
    ]
)
details = st.dictionaries(
    st.sampled_from(["cached_tokens", "cache_write_tokens", "reasoning_tokens"]), anything
)
usages = st.dictionaries(names, anything | st.integers(0, 100)).flatmap(
    lambda flat: st.fixed_dictionaries(
        {}, optional={"prompt_tokens_details": details, "completion_tokens_details": details}
    ).map(lambda nested: flat | nested)
)


@given(usages)
def test_whatever_is_sent_parts_fit_their_wholes(usage):
    found = read(usage).usage

    for count in (found.input, found.output, found.cache_read, found.cache_write, found.reasoning):
        assert count is None or (type(count) is int and 0 <= count <= MOST_TOKENS)
    if found.input is not None:
        assert (found.cache_read or 0) + (found.cache_write or 0) <= found.input
    if found.output is not None:
        assert (found.reasoning or 0) <= found.output
