"""Bodies of other APIs: Gemini's generateContent and Bedrock's Converse, read for counting."""

from __future__ import annotations

import pytest

from agentgauge.call import Call, Request, TokenUsage, ToolSource, UsageSource
from agentgauge.tokens import Kind, OutputCalls, count_exchange, settle
from agentgauge.tokens.families import family_of
from agentgauge.tokens.prompt import read_prompt
from agentgauge.tokens.vocabulary import count_tokens

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
RESULT = "It is sunny and 21 degrees in Paris, with little wind from the west."

CHAT = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How is the weather in Paris?"},
        {
            "role": "assistant",
            "content": "I will look.",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"P"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": f'{{"said":"{RESULT}"}}'},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "weather", "description": "Looks it up.", "parameters": SCHEMA},
        }
    ],
}
GEMINI = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "How is the weather in Paris?"}]},
        {
            "role": "model",
            "parts": [
                {"text": "I will look."},
                {"functionCall": {"name": "weather", "args": {"city": "P"}}},
            ],
        },
        {
            "role": "user",
            "parts": [{"functionResponse": {"name": "weather", "response": {"said": RESULT}}}],
        },
    ],
    "tools": [
        {
            "functionDeclarations": [
                {
                    "name": "weather",
                    "description": "Looks it up.",
                    "parameters": {
                        "type": "OBJECT",
                        "properties": {"city": {"type": "STRING"}},
                        "required": ["city"],
                    },
                }
            ]
        }
    ],
}
CONVERSE = {
    "system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
    "messages": [
        {"role": "user", "content": [{"text": "How is the weather in Paris?"}]},
        {
            "role": "assistant",
            "content": [
                {"text": "I will look."},
                {"toolUse": {"toolUseId": "1", "name": "weather", "input": {"city": "P"}}},
            ],
        },
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "1", "content": [{"json": {"said": RESULT}}]}}],
        },
    ],
    "toolConfig": {
        "tools": [
            {
                "toolSpec": {
                    "name": "weather",
                    "description": "Looks it up.",
                    "inputSchema": {"json": SCHEMA},
                }
            }
        ]
    },
}


def in_snake_case(value):
    if isinstance(value, list):
        return [in_snake_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in k): in_snake_case(v) for k, v in value.items()
    }


def counted(request, answers=(), model="gemini-2.5-pro"):
    return count_exchange(operation="chat", model=model, request=request, answers=list(answers))


@pytest.mark.parametrize(
    "request_body", [GEMINI, in_snake_case(GEMINI), CONVERSE], ids=["gemini", "snake case", "converse"]
)
def test_each_api_says_the_same_in_its_own_way(request_body):
    assert counted(request_body).segments == counted(CHAT).segments


def test_their_parts_are_the_provider_total_apportioned():
    call = Call(
        trace_id=1,
        span_id=2,
        parent_span_id=None,
        start_ns=0,
        end_ns=1,
        request=Request("chat", "gemini-2.5-pro"),
        usage=TokenUsage(input=500, output=20),
        usage_source=UsageSource.PROVIDER,
    )
    settled = settle(call, counted(GEMINI), None)
    (tool,) = settled.tools
    assert settled.tool_source is ToolSource.APPORTIONED
    assert tool.definition_tokens > 0 < tool.new_result_tokens
    assert tool.definition_tokens + tool.new_result_tokens + tool.carried_call_tokens < 500


def test_claude_on_bedrock_has_the_prompt_that_its_tools_bring():
    found = counted(CONVERSE, model="anthropic.claude-sonnet-4-20250514-v1:0")
    definition = sum(s.tokens for s in found.segments if s.kind is Kind.DEFINITION)
    assert definition > family_of("claude-sonnet-4").claude.tools


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        (
            {"contents": [], "tools": [{"googleSearch": {}}, {"code_execution": {}}]},
            ["google_search", "code_execution"],
        ),
        ({"contents": [], "cachedContent": "cachedContents/1"}, ["conversation_state"]),
        ({"contents": [{"parts": [{"fileData": {"mimeType": "application/pdf"}}]}]}, ["file"]),
        ({"contents": [{"parts": [{"inline_data": {"mime_type": "image/png"}}]}]}, ["image"]),
        ({"contents": [{"parts": [{"text": "x", "thoughtSignature": "s"}]}]}, ["reasoning"]),
        ({"contents": [], "generationConfig": {"responseSchema": {"type": "OBJECT"}}}, ["response_schema"]),
        ({"messages": [{"content": [{"document": {"name": "a"}}]}], "inferenceConfig": {}}, ["file"]),
        ({"messages": [{"content": [{"reasoningContent": {}}]}], "inferenceConfig": {}}, ["reasoning"]),
        (
            {"messages": [], "toolConfig": {"tools": [{"systemTool": {"name": "nova_grounding"}}]}},
            ["nova_grounding"],
        ),
        ({"messages": [], "inferenceConfig": {}, "guardrailConfig": {"trace": "enabled"}}, ["guardrail"]),
    ],
)
def test_what_nobody_can_count_is_named_and_no_number(body, kinds):
    assert read_prompt("chat", body).built_in == kinds


GEMINI_CALL = {"functionCall": {"name": "a", "args": {"b": 1}}}
CONVERSE_CALL = {"toolUse": {"toolUseId": "1", "name": "a", "input": {"b": 1}}}


@pytest.mark.parametrize(
    "answers",
    [
        [{"candidates": [{"content": {"parts": [{"text": "Yes."}, GEMINI_CALL]}}]}],
        [
            {"candidates": [{"content": {"parts": [{"text": "Y"}]}}]},
            {"candidates": [{"content": {"parts": [{"text": "es."}]}}]},
            {"candidates": [{"content": {"parts": [GEMINI_CALL]}}]},
        ],
        [{"output": {"message": {"content": [{"text": "Yes."}, CONVERSE_CALL]}}}],
        [
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Yes"}}},
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "."}}},
            {
                "contentBlockStart": {
                    "contentBlockIndex": 1,
                    "start": {"toolUse": {"toolUseId": "1", "name": "a"}},
                }
            },
            {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"b"'}}}},
            {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"toolUse": {"input": ":1}"}}}},
        ],
    ],
    ids=["gemini", "gemini, streamed", "converse", "converse, streamed"],
)
def test_their_answers_are_read_whole_and_streamed(answers):
    tokens = count_tokens("a", encoding="o200k_base") + count_tokens('{"b":1}', encoding="o200k_base")
    found = counted({"contents": [{"parts": [{"text": "x"}]}]}, answers)
    assert found.output_calls == (OutputCalls("a", 1, tokens),)
    assert found.output_tokens == tokens + count_tokens("Yes.", encoding="o200k_base")


@pytest.mark.parametrize("bad", [None, 1, "x", [1], {"a": 1}, [{"parts": [1, {"functionCall": 1}]}], [[{}]]])
def test_what_has_the_wrong_type_is_left_out(bad):
    for name in ("contents", "tools", "systemInstruction", "toolConfig", "generationConfig"):
        counted({**GEMINI, name: bad})
    for name in ("messages", "system", "toolConfig", "additionalModelRequestFields"):
        counted({**CONVERSE, "inferenceConfig": {}, name: bad})
    counted(GEMINI, [{"candidates": bad}, {"output": bad}, {"contentBlockDelta": bad}])
