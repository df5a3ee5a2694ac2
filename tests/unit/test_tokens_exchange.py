"""What is read from requests, whole answers and streams."""

from __future__ import annotations

import pytest

from agentgauge.tokens import Kind, OutputCalls, count_exchange


def counted(request=None, answers=(), *, operation="chat", model="gpt-4o"):
    return count_exchange(operation=operation, model=model, request=request, answers=answers)


def function(name, **parameters):
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", **parameters}}}


def asked(call_id, name, arguments="{}"):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def kinds(found):
    return [(s.kind, s.tool) for s in found.segments if s.tool]


def test_segments_come_in_prompt_order():
    request = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Find A."},
            {"role": "assistant", "content": None, "tool_calls": [asked("1", "search")]},
            {"role": "tool", "tool_call_id": "1", "content": "A is here"},
            {
                "role": "assistant",
                "content": "Here.",
                "tool_calls": [asked("2", "open"), asked("3", "search")],
            },
            {"role": "tool", "tool_call_id": "2", "content": "opened"},
            {"role": "tool", "tool_call_id": "3", "content": "found"},
        ],
        "tools": [function("search"), function("open")],
    }
    assert kinds(counted(request)) == [
        (Kind.DEFINITION, "search"),
        (Kind.DEFINITION, "open"),
        (Kind.CALL_CARRIED, "search"),
        (Kind.RESULT_CARRIED, "search"),
        (Kind.CALL_CARRIED, "open"),
        (Kind.CALL_CARRIED, "search"),
        (Kind.RESULT_NEW, "open"),
        (Kind.RESULT_NEW, "search"),
    ]


def test_a_result_whose_call_nobody_saw_is_other():
    request = {"messages": [{"role": "tool", "tool_call_id": "gone", "content": "found"}]}
    assert kinds(counted(request)) == [(Kind.RESULT_NEW, "other")]


def test_legacy_functions():
    request = {
        "functions": [{"name": "add", "parameters": {}}],
        "messages": [
            {"role": "assistant", "function_call": {"name": "add", "arguments": "{}"}},
            {"role": "function", "name": "add", "content": "3"},
        ],
    }
    found = counted(
        request, [{"choices": [{"message": {"function_call": {"name": "add", "arguments": "{}"}}}]}]
    )
    assert kinds(found) == [
        (Kind.DEFINITION, "add"),
        (Kind.CALL_CARRIED, "add"),
        (Kind.RESULT_NEW, "add"),
    ]
    assert found.output_calls == (OutputCalls("add", 1, 2),)


def test_the_responses_api():
    request = {
        "instructions": "Be brief.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Find A."}]},
            {"type": "function_call", "call_id": "1", "name": "search", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "1", "output": "A is here"},
        ],
        "tools": [{"type": "function", "name": "search", "parameters": {}}, {"type": "web_search"}],
    }
    output = [
        {"type": "web_search_call"},
        {"type": "message", "content": [{"type": "output_text", "text": "Here it is."}]},
        {"type": "function_call", "call_id": "2", "name": "open", "arguments": '{"x":1}'},
    ]
    found = counted(request, [{"object": "response", "output": output}])
    assert kinds(found) == [
        (Kind.DEFINITION, "search"),
        (Kind.CALL_CARRIED, "search"),
        (Kind.RESULT_NEW, "search"),
    ]
    assert (found.not_attributable, found.has_tools) == (("web_search",), True)
    assert [c.tool for c in found.output_calls] == ["open"]
    assert found.output_chars == len("Here it is.") + len('{"x":1}')


def test_definitions_share_their_block_exactly():
    alone = counted({"messages": [{"role": "user", "content": "x"}]}).input_tokens
    found = counted(
        {"messages": [{"role": "user", "content": "x"}], "tools": [function(f"tool_{n}") for n in range(7)]}
    )
    definitions = sum(s.tokens for s in found.segments if s.kind is Kind.DEFINITION)
    assert found.input_tokens == alone + definitions


CHAT_CHUNKS = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hel"}}]},
    {"choices": [{"index": 0, "delta": {"content": "lo"}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **asked("1", "search", '{"q":')}]}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '"A"}'}}]}}]},
    {"choices": [], "usage": None},
]
WHOLE_CHAT = {
    "choices": [{"message": {"content": "Hello", "tool_calls": [asked("1", "search", '{"q":"A"}')]}}]
}
EVENTS = [
    {"type": "response.created", "response": {"output": []}},
    {"type": "response.output_text.delta", "output_index": 0, "delta": "Hel"},
    {"type": "response.output_text.delta", "output_index": 0, "delta": "lo"},
    {
        "type": "response.output_item.added",
        "output_index": 1,
        "item": {"type": "function_call", "call_id": "1", "name": "search", "arguments": ""},
    },
    {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"q":"A"}'},
    {"type": "response.audio.delta", "output_index": 2, "delta": "QUJD"},
]
COMPLETED = {
    "type": "response.completed",
    "response": {
        "output": [
            {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]},
            {"type": "function_call", "call_id": "1", "name": "search", "arguments": '{"q":"A"}'},
        ]
    },
}


@pytest.mark.parametrize(
    "answers",
    [[WHOLE_CHAT], CHAT_CHUNKS, EVENTS, [*EVENTS, COMPLETED]],
    ids=["whole", "chat", "events", "completed"],
)
def test_every_form_of_an_answer_counts_the_same(answers):
    found = counted({}, answers)
    assert (found.output_tokens, found.output_calls) == (7, (OutputCalls("search", 1, 6),))


def test_a_stream_that_was_cut_off_counts_what_came():
    found = counted({}, CHAT_CHUNKS[:3])
    assert found.output_calls == (OutputCalls("search", 1, 4),)


def test_completions_and_embeddings():
    completion = counted({"prompt": ["tiktoken is great!"]}, [{"choices": [{"text": "Hello"}]}])
    embedding = counted({"input": ["tiktoken is great!"]}, [{"data": []}], operation="embeddings")
    assert (completion.input_tokens, completion.output_tokens) == (6, 1)
    assert (embedding.input_tokens, embedding.output_tokens) == (6, 0)


@pytest.mark.parametrize("ids", [[1, 2, 3], [[1, 2], [3]]])
def test_token_ids_are_counted_as_they_are(ids):
    assert counted({"input": ids}, operation="embeddings").input_tokens == 3


def test_an_error_body_is_no_answer():
    assert not counted({}, [{"error": {"message": "overloaded"}}]).output_readable


def test_a_kind_that_is_no_word_is_not_repeated():
    tools = [{"type": "Bearer sk-secret value"}, {"type": "file_search"}]
    assert counted({"input": "x", "tools": tools}).not_attributable == ("unknown", "file_search")


def test_without_tools_a_known_usage_needs_no_counting_but_the_characters(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a vocabulary was asked")

    monkeypatch.setattr("agentgauge.tokens.vocabulary._encode", refuse)
    request = {"messages": [{"role": "user", "content": "What is new in the north of the country?"}]}
    answers = [{"choices": [{"message": {"role": "assistant", "content": "Nothing at all, it seems."}}]}]

    counted = count_exchange(
        operation="chat", model="gpt-4o", request=request, answers=answers, usage_known=True
    )

    assert (counted.input_chars, counted.output_chars) == (40, 25)
    assert counted.segments == ()
