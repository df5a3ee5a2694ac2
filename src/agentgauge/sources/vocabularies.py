"""What other instrumentations call things: the names that the Collector's genai processor reads.

A test holds both against one table of spans. Langfuse's and the Vercel AI SDK's only the Collector reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from agentgauge.call import TokenUsage
from agentgauge.pricing import canonical_provider
from agentgauge.semconv import CACHE_WRITE_1H
from agentgauge.sources.usage import MOST_TOKENS

Attributes = Mapping[str, Any]

OPERATIONS = ("chat", "text_completion", "generate_content", "embeddings")
_WORDS = {
    "completion": "text_completion",
    "embedding": "embeddings",
    "embed": "embeddings",
    "message": "chat",
    "messages": "chat",
    "responses": "chat",
}
"""Values of `gen_ai.operation.name` before the conventions settled."""
_KINDS = {"LLM": "chat", "EMBEDDING": "embeddings"}
_REQUESTS = {"chat": "chat", "completion": "text_completion", "embedding": "embeddings"}

REQUEST_MODEL = (
    "gen_ai.request.model",
    "llm.request.model_name",
    "llm.model_name",
    "embedding.model_name",
    "llm.request.model",
)
RESPONSE_MODEL = ("gen_ai.response.model", "llm.response.model_name", "llm.model_name", "llm.response.model")
PROVIDER = ("gen_ai.provider.name", "llm.provider", "llm.system", "llm.vendor", "gen_ai.system")
_PROVIDER_WORDS = {
    "amazon-bedrock": "aws.bedrock",
    "amazon_bedrock": "aws.bedrock",
    "aws_bedrock": "aws.bedrock",
    "az.ai.inference": "azure.ai.inference",
    "az.ai.openai": "azure.ai.openai",
    "azure-openai": "azure.ai.openai",
    "google_genai": "gcp.gemini",
    "google_vertexai": "gcp.vertex_ai",
    "togetherai": "together",
    "vertexai": "gcp.vertex_ai",
}
HOST = ("server.address", "gen_ai.openai.api_base", "openai.api_base", "url.full")

_INPUT = (
    "gen_ai.usage.input_tokens",
    "llm.token_count.prompt",
    "llm.usage.prompt_tokens",
    "gen_ai.usage.prompt_tokens",
)
_OUTPUT = (
    "gen_ai.usage.output_tokens",
    "llm.token_count.completion",
    "llm.usage.completion_tokens",
    "gen_ai.usage.completion_tokens",
)
_CACHE_READ = (
    "gen_ai.usage.cache_read.input_tokens",
    "llm.token_count.prompt_details.cache_read",
    "llm.usage.cache_read_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.details.cache_read_input_tokens",
    "gen_ai.usage.details.cached_tokens",
    "gen_ai.usage.cache_read_input_tokens",
)
_CACHE_WRITE = (
    "gen_ai.usage.cache_write.input_tokens",
    "llm.token_count.prompt_details.cache_write",
    "llm.usage.cache_creation_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "gen_ai.usage.details.cache_creation_input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
)
_CACHE_HOUR = (
    CACHE_WRITE_1H,
    "gen_ai.usage.details.ephemeral_1h_input_tokens",
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
)
_CACHE_HOUR_COMPACTED = ("gen_ai.usage.details.compaction_ephemeral_1h_input_tokens",)
_REASONING = (
    "gen_ai.usage.reasoning.output_tokens",
    "llm.token_count.completion_details.reasoning",
    "llm.usage.reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens",
    "gen_ai.usage.details.thoughts_tokens",
    "gen_ai.usage.reasoning_tokens",
)
_TOTAL = (
    "llm.token_count.total",
    "llm.usage.total_tokens",
    "gen_ai.usage.total_tokens",
    "gen_ai.usage.llm.total_tokens",
)
_AUDIO = (
    "llm.token_count.prompt_details.audio",
    "llm.token_count.completion_details.audio",
    "gen_ai.usage.details.input_audio_tokens",
    "gen_ai.usage.details.output_audio_tokens",
)
_CACHE_APART = {"anthropic", "aws.bedrock"}
"""Whose servers count cached tokens beside the input."""


def operation_in(attributes: Attributes) -> str | None:
    """The operation of a request to a model; None for other spans."""
    told = attributes.get("gen_ai.operation.name")
    if isinstance(told, str):
        told = _WORDS.get(told, told)
        return told if told in OPERATIONS else None
    kind = attributes.get("openinference.span.kind")
    if isinstance(kind, str):
        found = _KINDS.get(kind)
        return "text_completion" if found == "chat" and _only_prompts(attributes) else found
    request = attributes.get("llm.request.type")
    return _REQUESTS.get(request) if isinstance(request, str) else None


def _only_prompts(attributes: Attributes) -> bool:
    names = [name for name in attributes if name.startswith(("llm.prompts", "llm.input_messages"))]
    return bool(names) and all(name.startswith("llm.prompts") for name in names)


def provider_in(attributes: Attributes) -> str | None:
    """The provider that the instrumentation names, as the conventions name it."""
    said = text_in(attributes, PROVIDER)
    if said is None:
        return None
    word = said.strip().lower()
    return _PROVIDER_WORDS.get(word) or canonical_provider(word) or said


def text_in(attributes: Attributes, names: tuple[str, ...]) -> str | None:
    """The first text that is there."""
    return next((v for name in names if isinstance(v := attributes.get(name), str) and v), None)


def usage_in(attributes: Attributes, *, operation: str | None, provider: str | None) -> TokenUsage:
    """What the span says that the request used, in the contract's terms; what cannot be is unknown."""

    def count(names: tuple[str, ...]) -> int | None:
        return next((n for name in names if (n := _tokens(attributes.get(name))) is not None), None)

    given, made, total = count(_INPUT), count(_OUTPUT), count(_TOTAL)
    read, written, hour, reasoning = map(count, (_CACHE_READ, _CACHE_WRITE, _CACHE_HOUR, _REASONING))
    cached = (read or 0) + (written or 0)
    apart = thinking_apart = False
    if given is not None and made is not None and total is not None:
        apart, thinking_apart = _placed(total - given - made, cached, reasoning or 0)
    if given is not None and (apart or (cached > given and provider in _CACHE_APART)):
        given += cached
    if made is not None and thinking_apart:
        made += reasoning or 0
    if operation == "embeddings" and given is not None:
        made = 0
    if given is not None and cached > given:
        read = written = None
    if made is not None and (reasoning or 0) > made:
        reasoning = None
    if (compacted := count(_CACHE_HOUR_COMPACTED)) and CACHE_WRITE_1H not in attributes:
        hour = (hour or 0) + compacted
    if (hour or 0) > (written or 0):
        hour = None
    audio = any(count((name,)) for name in _AUDIO)
    return TokenUsage(given, made, read, written, reasoning, audio, cache_write_1h=hour)


def _placed(beyond: int, cached: int, reasoning: int) -> tuple[bool, bool]:
    """Whether cached and reasoning tokens are beside input and output, as the rest of a total tells."""
    for thinking_apart, apart in product((False, True), repeat=2):
        if beyond == apart * cached + thinking_apart * reasoning:
            return apart, thinking_apart
    return False, False


def _tokens(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS:
        return value
    return None
