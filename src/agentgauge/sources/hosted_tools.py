"""How often tools that run at the provider were used, where a use has a fee beside the tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MOST_USES = 10_000
"""In one request; more is a server's mistake."""

_ITEMS = {
    "web_search_call": "web_search",
    "file_search_call": "file_search",
    "code_interpreter_call": "code_interpreter",
    "image_generation_call": "image_generation",
}
"""Items of the Responses API. OpenAI bills each search and each container, and images as another model's."""

_CLAUDES = {"web_search_requests": "web_search", "code_execution_requests": "code_execution"}
"""What Claude counts in its usage. Fetching a page is free."""

_SEARCH_MODELS = ("-search-preview", "-search-api")
"""Of chat completions: they search with each request, and do not say so in their usage."""


def hosted_uses(
    answers: Sequence[Mapping[str, Any]], usage: Mapping[str, Any]
) -> tuple[tuple[str, int], ...]:
    """((tool, uses), ...) of a body, or of a stream's events as far as they came.

    OpenAI: https://platform.openai.com/docs/pricing (built-in tools); a `web_search_call` that opens a page
    is free. Anthropic: https://platform.claude.com/docs/en/about-claude/pricing (tool use). Gemini:
    https://ai.google.dev/gemini-api/docs/pricing (grounding).
    """
    found: Counter[str] = Counter()
    for name, tool in _CLAUDES.items():
        uses = _mapping(usage.get("server_tool_use")).get(name)
        found[tool] += uses if isinstance(uses, int) and 0 < uses < _MOST_USES else 0
    for item in _output(answers):
        kind = str(item.get("type"))
        if kind in _ITEMS and _billed(item):
            found[_ITEMS[kind]] += 1
    found["web_search"] += any(_searches(answer) for answer in answers)
    found["google_search"] += any(_grounded(answer) for answer in answers)
    return tuple((tool, uses) for tool, uses in found.items() if uses)


def _output(answers: Sequence[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """The items of a response: whole, or as its events brought them."""
    for answer in reversed(answers):
        whole = _mapping(answer.get("response")) if "response" in answer else answer
        if isinstance(output := whole.get("output"), list) and output:
            return [item for item in output if isinstance(item, Mapping)]
    done = [answer.get("item") for answer in answers if answer.get("type") == "response.output_item.done"]
    return [item for item in done if isinstance(item, Mapping)]


def _billed(item: Mapping[str, Any]) -> bool:
    action = _mapping(item.get("action")).get("type", "search")
    return item.get("type") != "web_search_call" or action == "search"


def _searches(answer: Mapping[str, Any]) -> bool:
    model = answer.get("model")
    return "choices" in answer and isinstance(model, str) and any(part in model for part in _SEARCH_MODELS)


def _grounded(answer: Mapping[str, Any]) -> bool:
    candidates = answer.get("candidates")
    return isinstance(candidates, list) and any(
        _mapping(_mapping(candidate).get("groundingMetadata")).get("webSearchQueries")
        for candidate in candidates
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
