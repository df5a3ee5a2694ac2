"""Every shape of usage that clients were seen to meet: read right, or named here as unreadable."""

from __future__ import annotations

import pytest

from agentgauge.call import TokenUsage
from agentgauge.sources.answers import read_answers
from agentgauge.sources.usage import read_usage

NOTHING = TokenUsage()


def reading(usage, name="usage"):
    return read_usage([{name: usage}])


def openai(given=20, made=5, **more):
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made, **more}


OPENAI_FORMS = {
    "plain": (openai(), TokenUsage(20, 5)),
    "null details": (openai(prompt_tokens_details=None, completion_tokens_details=None), TokenUsage(20, 5)),
    "details with nulls": (openai(prompt_tokens_details={"cached_tokens": None}), TokenUsage(20, 5)),
    "details": (
        openai(
            prompt_tokens_details={"cached_tokens": 8, "audio_tokens": 0},
            completion_tokens_details={"reasoning_tokens": 3, "accepted_prediction_tokens": 0},
        ),
        TokenUsage(20, 5, 8, None, 3),
    ),
    "responses": (
        {
            "input_tokens": 20,
            "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 4},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 3},
            "total_tokens": 25,
        },
        TokenUsage(20, 5, 8, 4, 3),
    ),
    "deepseek": (openai(prompt_cache_hit_tokens=12, prompt_cache_miss_tokens=8), TokenUsage(20, 5, 12)),
    "mistral": (openai(num_cached_tokens=16), TokenUsage(20, 5, 16)),
    "mistral, in details": (openai(prompt_tokens_details={"num_cached_tokens": 16}), TokenUsage(20, 5, 16)),
    "flat cached": (openai(cached_tokens=6), TokenUsage(20, 5, 6)),
    "flat reasoning": (openai(reasoning_tokens=2), TokenUsage(20, 5, None, None, 2)),
    "groq's times": (openai(queue_time=0.05, prompt_time=0.01, total_time=0.2), TokenUsage(20, 5)),
    "floats": (openai(given=20.0, made=5.0, cost=0, cost_details={"upstream": 1e-05}), TokenUsage(20, 5)),
    "openrouter": (openai(cost=0.000427, is_byok=False, cost_details={"x": None}), TokenUsage(20, 5)),
    "xai": (
        {
            **openai(completion_tokens_details={"reasoning_tokens": 40}),
            "total_tokens": 65,
            "cost_in_usd_ticks": 1234500,
            "num_sources_used": 0,
        },
        TokenUsage(20, 45, None, None, 40),
    ),
    "azure's audio": (openai(audio_prompt_tokens=0), TokenUsage(20, 5)),
    "a proxy with Anthropic's names beside OpenAI's": (
        openai(cache_read_input_tokens=8, prompt_tokens_details={"cached_tokens": 8}),
        TokenUsage(20, 5, 8),
    ),
}


@pytest.mark.parametrize(("usage", "expected"), OPENAI_FORMS.values(), ids=OPENAI_FORMS)
def test_openai_and_those_that_follow_it(usage, expected):
    assert (reading(usage).usage, reading(usage).problems) == (expected, ())


CLAUDE = {
    "input_tokens": 4,
    "cache_creation_input_tokens": 8514,
    "cache_read_input_tokens": 100,
    "cache_creation": {"ephemeral_5m_input_tokens": 8000, "ephemeral_1h_input_tokens": 514},
    "output_tokens": 92,
    "output_tokens_details": {"thinking_tokens": 53},
    "service_tier": "standard",
}


def test_claudes_input_excludes_what_is_cached_and_ours_includes_it():
    assert reading(CLAUDE).usage == TokenUsage(8618, 92, 100, 8514, 53, cache_write_1h=514)


def test_claudes_plain_form():
    assert reading({"input_tokens": 17, "output_tokens": 158}).usage == TokenUsage(17, 158)


def test_claudes_stream_is_merged_from_its_start_and_its_last_delta():
    events = [
        {
            "type": "message_start",
            "message": {
                "id": "msg_1",
                "model": "claude-sonnet-4-5",
                "usage": {"input_tokens": 4, "cache_read_input_tokens": 100, "output_tokens": 1},
            },
        },
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 42}},
        {"type": "message_stop"},
    ]
    assert read_usage(events).usage == TokenUsage(104, 42, 100, None, None)
    answered = read_answers(events)
    assert (answered.model, answered.response_id) == ("claude-sonnet-4-5", "msg_1")
    assert (answered.finish_reasons, answered.complete) == (("end_turn",), True)


def test_claudes_stream_with_cumulative_input_and_with_zeros_at_its_end():
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 30, "output_tokens": 1}}}

    def total(**last):
        return read_usage([start, {"type": "message_delta", "usage": last}]).usage

    assert total(input_tokens=10_423, output_tokens=341) == TokenUsage(10_423, 341)
    assert total(input_tokens=0, output_tokens=9) == TokenUsage(30, 9)


def test_claudes_compaction_is_billed_beside_the_totals():
    compaction = {
        "type": "compaction",
        "input_tokens": 100,
        "cache_read_input_tokens": 500,
        "output_tokens": 81,
    }
    message = {"type": "message", "input_tokens": 162, "output_tokens": 11}
    usage = {"input_tokens": 162, "cache_read_input_tokens": 0, "output_tokens": 11}
    assert reading({**usage, "iterations": [compaction, message]}).usage == TokenUsage(762, 92, 0)


def test_an_advisor_is_another_model_and_is_not_added():
    advisor = {
        "type": "advisor_message",
        "model": "claude-opus-4-8",
        "input_tokens": 2518,
        "output_tokens": 22,
    }
    usage = {
        "input_tokens": 2390,
        "cache_read_input_tokens": 0,
        "output_tokens": 121,
        "iterations": [advisor],
    }
    assert reading(usage).usage == TokenUsage(2390, 121, 0)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"inputTokens": 28, "outputTokens": 26, "totalTokens": 54}, TokenUsage(28, 26)),
        (
            {"inputTokens": 28, "outputTokens": 26, "cacheReadInputTokens": 9, "cacheWriteInputTokens": 3},
            TokenUsage(40, 26, 9, 3),
        ),
        (
            {
                "inputTokens": 10,
                "outputTokens": 4,
                "cacheReadInputTokens": 0,
                "cacheReadInputTokenCount": 0,
                "cacheWriteInputTokens": 7351,
                "cacheWriteInputTokenCount": 7351,
                "cacheDetails": [{"inputTokens": 7351, "ttl": "5m"}],
                "serverToolUsage": {},
                "totalTokens": 7365,
            },
            TokenUsage(7361, 4, 0, 7351),
        ),
    ],
)
def test_bedrock(usage, expected):
    assert reading(usage).usage == expected
    assert read_usage([{"metadata": {"usage": usage}}]).usage == expected


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {
                "promptTokenCount": 75,
                "toolUsePromptTokenCount": 573,
                "candidatesTokenCount": 414,
                "thoughtsTokenCount": 117,
                "totalTokenCount": 1179,
            },
            TokenUsage(648, 531, None, None, 117),
        ),
        (
            {"promptTokenCount": 50, "cachedContentTokenCount": 40, "candidatesTokenCount": 7},
            TokenUsage(50, 7, 40),
        ),
        ({"promptTokenCount": 14, "totalTokenCount": 14}, TokenUsage(14, 0)),
        ({"candidatesTokenCount": 23, "thoughtsTokenCount": 67}, TokenUsage(None, 90, None, None, 67)),
        ({"trafficType": "ON_DEMAND"}, NOTHING),
    ],
)
def test_gemini(usage, expected):
    assert reading(usage, "usageMetadata").usage == expected


CHUNK = {"choices": [{"index": 0, "delta": {"content": "a"}}]}
STREAMS = {
    "on a last chunk without choices": [{**CHUNK, "usage": None}, {"choices": [], "usage": openai()}],
    "on a chunk with choices": [CHUNK, {**CHUNK, "usage": openai()}],
    "cumulative on every chunk": [{**CHUNK, "usage": openai(made=n)} for n in (1, 3, 5)],
    "on a chunk with choices, null before": [{**CHUNK, "usage": None}, {**CHUNK, "usage": openai()}],
    "cumulative on chunks without choices": [{"choices": [], "usage": openai(made=n)} for n in (1, 5)],
    "on a chunk that echoes what was asked": [
        CHUNK,
        {**CHUNK, "stream_options": {"include_usage": True}, "usage": openai()},
    ],
    "on a chunk of Hugging Face's with a token of its own": [
        {"choices": [{"index": 0, "text": "", "delta": {"token_id": 1}}], "usage": openai()}
    ],
    "in x_groq": [CHUNK, {**CHUNK, "x_groq": {"id": "r", "usage": openai()}}],
    "in the completed response": [{"type": "response.completed", "response": {"usage": openai()}}],
    "with an empty usage behind it": [{**CHUNK, "usage": openai()}, {"choices": [], "usage": {}}],
}


@pytest.mark.parametrize("chunks", STREAMS.values(), ids=STREAMS)
def test_streams(chunks):
    assert read_usage(chunks).usage == TokenUsage(20, 5)


UNREADABLE = {
    "a stream that was asked for usage and says null throughout": [{**CHUNK, "usage": None}] * 2,
    "a gateway's echo of the request": [{"contentType": "application/json", "pathname": "/chat/completions"}],
    "an error string with a code": [{"code": "invalid-argument", "error": "Incorrect API key provided."}],
    "Gemini's error": [
        {"error": {"code": 429, "message": "Resource exhausted.", "status": "RESOURCE_EXHAUSTED"}}
    ],
    "a stream without usage": [CHUNK, {"choices": [{"delta": {}, "finish_reason": "stop"}]}],
    "nothing at all": [],
    "Azure's filter results": [{"choices": [], "prompt_filter_results": []}],
    "an error object": [{"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}],
    "an error string": [{"error": "overloaded"}],
    "detail": [{"detail": "Invalid API Key"}],
    "message": [{"message": "Too many requests"}],
    "Anthropic's error": [{"type": "error", "error": {"type": "not_found_error"}}],
    "an answer inside a gateway's own envelope": [{"status": "OK", "data": {"data": {"usage": openai()}}}],
    "a background response that has only started": [
        {"object": "response", "status": "queued", "usage": None}
    ],
    "a count of tokens, which is no call": [{"totalTokens": 8}],
}


@pytest.mark.parametrize("answers", UNREADABLE.values(), ids=UNREADABLE)
def test_what_has_no_usage_is_unknown_and_not_zero(answers):
    assert read_usage(answers).usage == NOTHING


@pytest.mark.parametrize(
    ("usage", "kept", "problem"),
    [
        (
            openai(prompt_tokens_details={"cached_tokens": 161}),
            TokenUsage(20, 5),
            "more cached than input tokens",
        ),
        (
            openai(completion_tokens_details={"reasoning_tokens": 6}),
            TokenUsage(20, 5),
            "more reasoning than output tokens",
        ),
        (openai(given=-1), TokenUsage(None, 5), "prompt_tokens is no count of tokens"),
    ],
)
def test_what_contradicts_itself_is_named(usage, kept, problem):
    found = reading(usage)
    assert (found.usage, found.problems) == (kept, (problem,))


def test_what_the_total_has_beyond_input_and_output_is_kept_apart():
    audio = openai(prompt_tokens_details={"audio_tokens": 375})

    assert reading({**openai(), "total_tokens": 99}).usage == TokenUsage(20, 5, outside=74)
    assert reading({**audio, "total_tokens": 400}).usage == TokenUsage(20, 5, has_audio=True, outside=375)
