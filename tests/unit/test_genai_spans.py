"""What another instrumentation's span says that a request used, read as the Collector reads it."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import Span, TracerProvider

from agentgauge.call import Origin, TokenUsage
from agentgauge.ledger import Account
from agentgauge.pipeline.exchange import OpenCalls
from agentgauge.sources.genai import GenAISpans


@pytest.mark.parametrize(
    ("provider", "read", "usage"),
    [
        ("anthropic", 900, TokenUsage(1_050, 40, 900, 50)),
        ("aws.bedrock", 900, TokenUsage(1_050, 40, 900, 50)),
        ("openai", 900, TokenUsage(100, 40)),
        ("anthropic", 20, TokenUsage(100, 40, 20, 50)),
    ],
)
def test_more_cached_than_input_tokens(provider: str, read: int, usage: TokenUsage) -> None:
    span = TracerProvider().get_tracer("foreign").start_span("chat")
    assert isinstance(span, Span)
    span.set_attributes(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider,
            "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.output_tokens": 40,
            "gen_ai.usage.cache_read.input_tokens": read,
            "gen_ai.usage.cache_creation.input_tokens": 50,
        }
    )
    source = GenAISpans(lambda _host, _port, _path: None, lambda _call: False)
    opened = OpenCalls().start(span, Account(parent=None, origin=Origin()))
    told = source.read(span, opened).call
    assert told is not None
    assert told.usage == usage
