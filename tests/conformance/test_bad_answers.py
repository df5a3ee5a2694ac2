"""Whatever a server answers, the program gets what it would get without us, and no number is made up."""

import json

import pytest

from books import rows
from both_ways import run_both_ways

PROGRAM = """
def ask(client, streamed):
    answer = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}], stream=streamed)
    return list(answer) if streamed else answer

for name in NAMES:
    use(name, lambda client: ask(client, name.startswith("stream")))
"""
TEXT = "Hi there, how are you?"


def answer(**changes):
    whole = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
    }
    return {"json_body": whole | changes}


def usage(given, made, **more):
    return answer(usage={"prompt_tokens": given, "completion_tokens": made, **more})


def events(*lines):
    return {"raw_body": "".join(f"data: {line}\n\n" for line in lines)}


def chunk(text=TEXT, **changes):
    delta = {"index": 0, "delta": {"content": text}, "finish_reason": "stop"}
    whole = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [delta]}
    return json.dumps(whole | changes)


TOLD = {"prompt_tokens": 9, "completion_tokens": 4}
# name -> (how the server answers, source of the usage that is recorded, input, output). None is unknown: an
# answer that nobody can read is no answer of 0 tokens. ... is whatever was counted here.
CASES = {
    "choices null": (answer(choices=None), "provider", 9, 4),
    "choices a text": (answer(choices="no"), "provider", 9, 4),
    "choices of nulls": (answer(choices=[None, 1, "a"]), "provider", 9, 4),
    "message null": (answer(choices=[{"index": 0, "message": None}]), "provider", 9, 4),
    "content an object": (answer(choices=[{"message": {"content": {"a": [1]}}}]), "provider", 9, 4),
    "tool calls a text": (answer(choices=[{"message": {"tool_calls": "x"}}]), "provider", 9, 4),
    "tool calls of nulls": (
        answer(choices=[{"message": {"tool_calls": [None, 3, {}, {"function": None}]}}]),
        "provider",
        9,
        4,
    ),
    "model a number": (answer(model=7), "provider", 9, 4),
    "id an object": (answer(id={"a": 1}), "provider", 9, 4),
    "model of surrogates": (answer(model="m\ud800\x00\n" * 400), "provider", 9, 4),
    "finish reason a list": (answer(choices=[{"finish_reason": [1], "index": {}}]), "provider", 9, 4),
    "deeply nested": ({"raw_body": '{"choices": ' + "[" * 50_000 + "]" * 50_000 + "}"}, "none", None, None),
    "nested arguments": (
        answer(
            choices=[{"message": {"tool_calls": [{"function": {"name": "f", "arguments": "[" * 90_000}}]}}]
        ),
        "provider",
        9,
        4,
    ),
    "five megabytes": (
        answer(choices=[{"message": {"content": "lorem ipsum " * 440_000}}]),
        "provider",
        9,
        4,
    ),
    "one letter a million times": (
        answer(choices=[{"message": {"content": "a" * 1_000_000}}], usage=None),
        "estimated",
        ...,
        ...,
    ),
    "no usage": (answer(usage=None), "estimated", ..., ...),
    "usage a list": (answer(usage=[1, 2]), "estimated", ..., ...),
    "usage a text": (answer(usage="9"), "estimated", ..., ...),
    "usage empty": (answer(usage={}), "estimated", ..., ...),
    "usage half": (answer(usage={"prompt_tokens": 9}), "mixed", 9, ...),
    "usage other half": (answer(usage={"completion_tokens": 4}), "mixed", ..., 4),
    "usage negative": (usage(-9, -4), "estimated", ..., ...),
    "usage half negative": (usage(9, -4), "mixed", 9, ...),
    "usage enormous": (usage(10**18, 10**18), "estimated", ..., ...),
    "usage beyond 64 bits": (usage(10**40, 4), "mixed", ..., 4),
    "usage fractions": (usage(9.5, 4.5), "estimated", ..., ...),
    "usage whole floats": (usage(9.0, 4.0), "provider", 9, 4),
    "usage not a number": (usage(float("nan"), float("inf")), "estimated", ..., ...),
    "usage texts": (usage("9", "4"), "estimated", ..., ...),
    "usage booleans": (usage(True, False), "estimated", ..., ...),  # the server's mistake
    "usage zero": (usage(0, 0), "provider", 0, 0),
    "details null": (
        usage(9, 4, prompt_tokens_details=None, completion_tokens_details=None),
        "provider",
        9,
        4,
    ),
    "details a list": (
        usage(9, 4, prompt_tokens_details=[1], completion_tokens_details="x"),
        "provider",
        9,
        4,
    ),
    "details of nulls": (usage(9, 4, prompt_tokens_details={"cached_tokens": None}), "provider", 9, 4),
    "more cached than input": (usage(9, 4, prompt_tokens_details={"cached_tokens": 10}), "provider", 9, 4),
    "more reasoning than output": (
        usage(9, 4, completion_tokens_details={"reasoning_tokens": 5}),
        "provider",
        9,
        4,
    ),
    "a page": ({"raw_body": "<html>Bad gateway</html>"}, "none", None, None),
    "no body": ({"raw_body": ""}, "none", None, None),
    "null": ({"raw_body": "null"}, "estimated", ..., None),
    "a number": ({"raw_body": "42"}, "estimated", ..., None),
    "a list": ({"raw_body": "[]"}, "estimated", ..., None),
    "an empty object": ({"raw_body": "{}"}, "estimated", ..., None),
    "a broken character": ({"raw_body": '{"id": "\\ud800", "choices": []}'}, "estimated", ..., 0),
    "an error with status 200": ({"json_body": {"error": {"message": "no"}}}, "estimated", ..., None),
    "half an object": ({"raw_body": '{"id": "chatcmpl-1", "choi'}, "none", None, None),
    "status 500": ({"status": 500, "error": "text"}, "none", None, None),
    "stream of nothing": (events(), "estimated", ..., None),
    "stream of a page": ({"raw_body": "<html>Bad gateway</html>"}, "estimated", ..., None),
    "stream of no JSON": (events(chunk(), "not JSON"), "estimated", ..., ...),
    "stream of null": (events("null", "[DONE]"), "estimated", ..., None),
    "stream of a number": (events("42", "[DONE]"), "estimated", ..., None),
    "stream of a list": (events("[]", "[DONE]"), "estimated", ..., None),
    "stream of an error": (events(chunk(), '{"error": {"message": "no"}}'), "estimated", ..., ...),
    "stream with choices null": (events(chunk(choices=None), chunk(), "[DONE]"), "estimated", ..., ...),
    "stream with usage": (events(chunk(), chunk(choices=[], usage=TOLD), "[DONE]"), "provider", 9, 4),
    "stream with usage a list": (
        events(chunk(), chunk(choices=[], usage=[1]), "[DONE]"),
        "estimated",
        ...,
        ...,
    ),
    "stream with negative usage": (
        events(chunk(), chunk(choices=[], usage={"prompt_tokens": -1, "completion_tokens": 4}), "[DONE]"),
        "mixed",
        ...,
        4,
    ),
    "stream without an end": (events(chunk(usage=TOLD)), "provider", 9, 4),
}


pytestmark = pytest.mark.xdist_group("bad-answers")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """What the program got with agentgauge and without, and the store."""
    rules = {name: rule for name, (rule, *_) in CASES.items()}
    source = PROGRAM.replace("NAMES", repr(list(CASES)))
    return run_both_ways(source, tmp_path_factory.mktemp("answers"), rules=rules)


@pytest.mark.parametrize("case", CASES)
def test_the_program_gets_what_it_would_get_without(ran, case):
    recorded, bare, _ = ran

    assert recorded[case] == bare[case]


@pytest.mark.parametrize("case", CASES)
def test_usage_that_cannot_be_true_is_never_taken_over(ran, case):
    _, source, given, made = CASES[case]
    (call,) = [call for call in rows(ran[2]) if call["workflow_id"] == case]

    assert call["usage_source"] == source
    for expected, told in ((given, call["input_tokens"]), (made, call["output_tokens"])):
        assert told > 0 if expected is ... else told == expected


def test_parts_never_exceed_their_whole(ran):
    for call in rows(ran[2]):
        given, made = call["input_tokens"] or 0, call["output_tokens"] or 0
        assert 0 <= (call["cache_read_tokens"] or 0) <= given
        assert 0 <= (call["reasoning_tokens"] or 0) <= made
        assert call["tool_definition_tokens"] + call["tool_result_tokens"] <= given
        assert call["tool_call_tokens"] <= made
        assert (call["cost_nanousd"] is None) == (call["usage_source"] == "none")


def test_the_report_says_what_was_wrong_and_nothing_failed_inside(ran):
    warnings = rows(ran[2], "SELECT code, message FROM warnings")

    assert {warning["code"] for warning in warnings} == {"usage"}
    assert "prompt_tokens is no count of tokens" in " ".join(warning["message"] for warning in warnings)
