"""Formats beside plain chat: parallel calls, JSON schemas of answers, Anthropic's messages."""

from __future__ import annotations

import pytest

from agentgauge.tokens import Kind, OutputCalls, count_exchange
from agentgauge.tokens.families import family_of
from agentgauge.tokens.vocabulary import count_tokens


def tokens(text, encoding="o200k_base"):
    return count_tokens(text, encoding=encoding)


def counted(request, model="gpt-4o"):
    return count_exchange(operation="chat", model=model, request=request, answers=[])


def sums(found):
    return {kind: sum(s.tokens for s in found.segments if s.kind is kind) for kind in Kind}


def asked(call_id, name, arguments="{}"):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_results_of_parallel_calls_are_one_list_of_strings():
    results = ['line "one"\nline two', "é"]
    request = {
        "messages": [
            {"role": "assistant", "tool_calls": [asked("1", "a"), asked("2", "b")]},
            *({"role": "tool", "tool_call_id": str(n + 1), "content": r} for n, r in enumerate(results)),
        ]
    }
    wrapper = (
        '{"tool_uses":[{"recipient_name":"functions.a","parameters":{}},'
        '{"recipient_name":"functions.b","parameters":{}}]}'
    )
    found = sums(counted(request))
    together = tokens(wrapper) + tokens('["line \\"one\\"\\nline two", "é"]') + 20
    assert found[Kind.CALL_CARRIED] + found[Kind.RESULT_NEW] == together


SCHEMA = {
    "type": "object",
    "properties": {"required": {"type": "string"}},
    "required": ["required"],
    "additionalProperties": False,
}
SHOWN = '# Response Formats\n\n## answer\n\n{"type":"object","properties":{"required":{"type":"string"}}}'


@pytest.mark.parametrize(
    ("messages", "around"),
    [
        ([{"role": "user", "content": "x"}], 8),
        ([{"role": "system", "content": "y"}, {"role": "user", "content": "x"}], 5),
    ],
)
def test_the_answers_schema_is_shown_without_what_only_validates(messages, around):
    plain = counted({"messages": messages}).input_tokens
    schema = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
    with_schema = counted({"messages": messages, "response_format": schema}).input_tokens
    assert with_schema - plain == tokens(SHOWN) + around


def test_the_responses_api_has_it_in_text():
    text = {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}}
    plain = counted({"input": "x"}, "gpt-5").input_tokens
    assert counted({"input": "x", "text": text}, "gpt-5").input_tokens - plain == tokens(SHOWN)


CLAUDE = {
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [
        {"role": "user", "content": "Find A."},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "t1", "name": "search", "input": {"q": "A"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "here"}]}
            ],
        },
    ],
    "tools": [
        {"name": "search", "description": "Finds.", "input_schema": {"type": "object", "properties": {}}}
    ],
}


def test_anthropics_messages_are_read():
    found = counted(CLAUDE, "claude-sonnet-4-5")
    assert [(s.kind, s.tool) for s in found.segments if s.tool] == [
        (Kind.DEFINITION, "search"),
        (Kind.CALL_CARRIED, "search"),
        (Kind.RESULT_NEW, "search"),
    ]
    assert (found.offered, found.known_encoding, found.not_attributable) == (("search",), False, ())


def test_a_forced_tool_and_thinking_cost_more_on_claude():
    def total(**more):
        return counted({**CLAUDE, **more}, "claude-sonnet-4-5").input_tokens

    assert total(tool_choice={"type": "any"}) - total() == family_of("claude-sonnet-4-5").claude.forced
    assert total(thinking={"type": "enabled"}) - total() == 28


@pytest.mark.parametrize(
    "off",
    [{"parallel_tool_calls": False}, {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}],
)
def test_claudes_tool_prompt_is_shorter_without_parallel_calls(off):
    def saved(model):
        return counted(CLAUDE, model).input_tokens - counted({**CLAUDE, **off}, model).input_tokens

    assert (saved("claude-haiku-4-5"), saved("claude-3-5-haiku")) == (200, 0)


def test_thinking_in_the_history_is_not_attributable():
    message = {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}]}
    assert counted({"messages": [message]}, "claude-sonnet-4-5").not_attributable == ("reasoning",)


@pytest.mark.parametrize(
    ("model", "like"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("anthropic/claude-4.5-haiku-20251001", "claude-haiku-4-5"),
        ("us.anthropic.claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku"),
        ("anthropic/claude-4.6-sonnet-20260217", "claude-opus-4-5"),
        ("anthropic/claude-4.5-sonnet-20250929", "claude-sonnet-4-5"),
        ("claude-opus-4-8", "claude-sonnet-5"),
        ("anthropic/claude-5-opus-20260901", "claude-sonnet-5"),
        ("claude-something-new", "claude-sonnet-4-20250514"),
    ],
)
def test_a_claude_model_is_known_by_its_generation(model, like):
    generations = ("3-haiku", "3-5-haiku", "3-5-sonnet", "sonnet-4-0", "haiku-4-5", "opus-4-5", "sonnet-5")
    assert len({family_of(f"claude-{name}") for name in generations}) == len(generations)
    assert family_of(model) == family_of(like)


@pytest.mark.parametrize(
    ("model", "context", "left_out"),
    [
        ("gpt-5-nano", None, True),
        ("o4-mini", None, True),
        ("gpt-5.5", "all_turns", False),
        ("gpt-5.6-sol", None, False),
        ("grok-4", None, False),
    ],
)
def test_reasoning_before_the_last_user_message_is_not_in_the_prompt(model, context, left_out):
    asks, thought = {"role": "user", "content": "x"}, {"type": "reasoning", "summary": []}
    answer = {"role": "assistant", "content": "y"}

    def found(*items):
        return counted({"input": list(items), "reasoning": {"context": context}}, model)

    earlier = found(asks, thought, answer, asks)
    assert earlier.not_attributable == (() if left_out else ("reasoning",))
    assert earlier.input_tokens == found(asks, answer, asks).input_tokens
    assert found(asks, answer, asks, thought).not_attributable == ("reasoning",)


@pytest.mark.parametrize(
    ("model", "auto", "forced"), [("opus", 530, 281), ("sonnet", 159, 235), ("haiku", 264, 340)]
)
def test_the_tool_prompt_of_claude_3_is_as_documented(model, auto, forced):
    costs = family_of(f"claude-3-{model}-20240229").claude
    assert (costs.tools, costs.tools + costs.forced) == (auto, forced)


def test_calls_of_any_tool_cost_more_in_the_responses_api_of_gpt_4o():
    tool = {"type": "function", "name": "search", "parameters": {}}

    def total(model, **more):
        return counted({"input": "x", "tools": [tool], **more}, model).input_tokens

    assert total("gpt-4o", tool_choice="required") - total("gpt-4o") == 9
    assert total("gpt-5", tool_choice="required") - total("gpt-5") == 0


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"output_config": {"format": {"type": "json_schema", "schema": {}}}}, "output_config"),
        ({"output_format": {"type": "json_schema", "schema": {}}}, "output_config"),
        ({"messages": [{"role": "assistant", "content": "x", "reasoning_details": [{}]}]}, "reasoning"),
    ],
)
def test_what_a_provider_adds_unseen_is_not_attributable(more, kind):
    assert counted({**CLAUDE, **more}, "claude-sonnet-4-5").not_attributable == (kind,)


def test_an_effort_alone_adds_nothing_unseen():
    assert counted({**CLAUDE, "output_config": {"effort": "low"}}, "claude-opus-4-6").not_attributable == ()


def test_gpt_4_is_not_shown_objects_without_properties():
    tool = {
        "name": "f",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "object", "description": "Anything."}},
        },
    }
    without = {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}

    def total(offered, model):
        request = {"messages": [], "tools": [{"type": "function", "function": offered}]}
        return counted(request, model).input_tokens

    assert total(tool, "gpt-4") == total(without, "gpt-4")
    assert total(tool, "gpt-4o") > total(without, "gpt-4o")


def test_the_same_tools_are_rendered_once(monkeypatch):
    tool = {"type": "function", "function": {"name": "only_here", "parameters": {"type": "object"}}}
    request = {"messages": [], "tools": [tool]}
    first = counted(request)
    monkeypatch.setattr("agentgauge.tokens.definitions.render", None)
    assert counted(request).segments == first.segments


def test_parallel_calls_switched_off_cost_until_the_first_call():
    tools = [{"type": "function", "function": {"name": n, "parameters": {}}} for n in ("a", "b")]
    called = [{"role": "assistant", "tool_calls": [asked("1", "a")]}]

    def extra(messages):
        request = {"messages": messages, "tools": tools}
        return counted({**request, "parallel_tool_calls": False}).input_tokens - counted(request).input_tokens

    assert (extra([]), extra(called)) == (16, 0)


CLAUDE_MESSAGE = {
    "type": "message",
    "content": [
        {"type": "text", "text": "Hello"},
        {"type": "tool_use", "id": "t1", "name": "search", "input": {"q": "A"}},
    ],
}
CLAUDE_EVENTS = [
    {"type": "message_start", "message": {"type": "message", "content": []}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "tool_use", "id": "t1", "name": "search", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "input_json_delta", "partial_json": '{"q":'},
    },
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "input_json_delta", "partial_json": '"A"}'},
    },
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
]


@pytest.mark.parametrize("answers", [[CLAUDE_MESSAGE], CLAUDE_EVENTS], ids=["whole", "stream"])
def test_anthropics_answers_are_read(answers):
    found = count_exchange(operation="chat", model="claude-sonnet-4-5", request={}, answers=answers)
    assert found.output_readable
    assert (found.output_tokens, found.output_calls) == (7, (OutputCalls("search", 1, 6),))


def test_a_responses_call_that_is_sent_with_its_items_id_costs_more():
    call = {"type": "function_call", "call_id": "1", "name": "a", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "1", "output": "x"}

    def cost(of, model):
        return counted({"input": [{"role": "user", "content": "y"}, of, result]}, model).input_tokens

    for model, more in (("gpt-4o", 3), ("gpt-4.1", 3), ("gpt-5.2", 0)):
        assert cost({**call, "id": "fc_1"}, model) - cost(call, model) == more


def test_a_responses_call_names_its_function_in_full_twice():
    def cost(name):
        call = {"type": "function_call", "call_id": "1", "name": name, "arguments": "{}"}
        result = {"type": "function_call_output", "call_id": "1", "output": "x"}
        return counted({"input": [{"role": "user", "content": "y"}, call, result]}, "gpt-4.1").input_tokens

    assert (tokens("calculator"), tokens("functions.calculator")) == (1, 3)
    assert (tokens("weather"), tokens("functions.weather")) == (1, 2)
    assert cost("calculator") - cost("weather") == 2


def test_a_function_that_joins_a_conversation_has_a_namespace_of_its_own():
    look = {"type": "function", "name": "look", "description": "Looks.", "parameters": {}}
    asks, joins = {"role": "user", "content": "x"}, {"type": "additional_tools", "tools": [look]}
    found = counted({"input": [asks, joins]}, "gpt-5.4")
    shown = "namespace look {\n\n// Looks.\ntype look = () => any;\n\n} // namespace look"
    assert definitions_of(found) == {"look": tokens(shown) + 89}
    assert (found.offered, found.has_tools, found.not_attributable) == (("look",), True, ())
    several = counted({"input": [asks, {**joins, "tools": [look, look]}]}, "gpt-5.4")
    assert (several.offered, several.not_attributable) == ((), ("additional_tools",))


def test_a_call_of_such_a_function_is_named_with_its_namespace():
    call = {"type": "function_call", "call_id": "1", "name": "look", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "1", "output": "x"}

    def cost(**more):
        return counted({"input": [{**call, **more}, result]}, "gpt-5.4").input_tokens

    assert cost(namespace="look_up") - cost() == 2 * (tokens("look_up.look") - tokens("functions.look"))


@pytest.mark.parametrize(("form", "joined"), [("messages", 1), ("input", 0)])
def test_the_tools_block_joins_the_system_message_in_chat_alone(form, joined):
    function = {"name": "a", "parameters": {}}
    tool = {"type": "function", **({"function": function} if form == "messages" else function)}

    def cost(text):
        messages = [{"role": "system", "content": text}, {"role": "user", "content": "x"}]
        return counted({form: messages, "tools": [tool]}).input_tokens

    assert tokens("Be terse\n\n") - tokens("Be terse") == 1
    assert tokens("Be terse.\n\n") - tokens("Be terse.") == 0
    assert cost("Be terse") - cost("Be terse.") == tokens("Be terse") - tokens("Be terse.") + joined


@pytest.mark.parametrize(("model", "channel"), [("gpt-5", 2), ("gpt-4o", 0), ("o3", 0)])
def test_gpt_5_is_shown_the_channel_of_its_earlier_answers(model, channel):
    answer = {"role": "assistant", "content": "Yes."}
    more = (
        counted({"messages": [answer, answer]}, model).input_tokens
        - counted({"messages": [answer]}, model).input_tokens
    )
    assert more == 4 + tokens("Yes.") + channel


def test_a_named_function_costs_nothing_in_the_responses_api_of_gpt_5():
    tools = [{"type": "function", "name": "a", "parameters": {}}]
    asks = {"input": "x", "tools": tools}
    forced = {**asks, "tool_choice": {"type": "function", "name": "a"}}
    assert counted(forced, "gpt-5-mini").input_tokens == counted(asks, "gpt-5-mini").input_tokens


def test_a_deferred_tool_costs_nothing_until_a_search_has_found_it():
    deferred = {"name": "b", "description": "Long. " * 40, "input_schema": {}, "defer_loading": True}
    tools = [{"name": "a", "input_schema": {}}, deferred]
    found = [{"type": "tool_reference", "tool_name": "b"}]
    search = {"type": "tool_result", "tool_use_id": "1", "content": found}

    def cost(*blocks):
        request = {"messages": [{"role": "user", "content": list(blocks)}], "tools": tools}
        return definitions_of(counted(request, "claude-sonnet-4-5"))

    addition = {"type": "tool_addition", "tool": {"type": "tool_reference", "name": "b"}}
    assert set(cost({"type": "text", "text": "x"})) == {"a"}
    assert set(cost(search)) == set(cost(addition)) == {"a", "b"}


def definitions_of(found):
    return {s.tool: s.tokens for s in found.segments if s.kind is Kind.DEFINITION}


@pytest.mark.parametrize(
    ("asked_for", "costs"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, True),
        ({"reasoning": {"effort": "low"}}, True),
        ({"thinking": {"type": "adaptive"}}, False),
        ({"reasoning": {"effort": "none"}}, False),
    ],
)
def test_thinking_costs_where_it_has_a_budget(asked_for, costs):
    plain = {"messages": [{"role": "user", "content": "x"}]}
    more = counted({**plain, **asked_for}, "claude-sonnet-4-5").input_tokens
    assert (more > counted(plain, "claude-sonnet-4-5").input_tokens) is costs
