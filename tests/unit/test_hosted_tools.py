"""What hosted tools were used, as servers tell it."""

import pytest

from agentgauge.sources.hosted_tools import hosted_uses

ITEMS = [
    {"type": "web_search_call", "action": {"type": "search", "query": "x"}},
    {"type": "web_search_call", "action": {"type": "open_page"}},
    {"type": "web_search_call"},
    {"type": "file_search_call"},
    {"type": "code_interpreter_call"},
    {"type": "mcp_call"},
    {"type": "message"},
]
USED = {"web_search": 2, "file_search": 1, "code_interpreter": 1}


@pytest.mark.parametrize(
    ("answers", "used"),
    [
        ([{"object": "response", "output": ITEMS}], USED),
        ([{"type": "response.completed", "response": {"output": ITEMS}}], USED),
        ([{"type": "response.output_item.done", "item": item} for item in ITEMS], USED),
        ([{"model": "gpt-4o-search-preview", "choices": []}], {"web_search": 1}),
        ([{"model": "gpt-4o", "choices": []}], {}),
        ([{"candidates": [{"groundingMetadata": {"webSearchQueries": ["a", "b"]}}]}], {"google_search": 1}),
        ([{"output": "text"}, {"candidates": {}}, {"item": 3}], {}),
    ],
)
def test_answers_tell_what_was_used(answers, used):
    assert dict(hosted_uses(answers, {})) == used


@pytest.mark.parametrize(
    ("told", "used"),
    [
        ({"web_search_requests": 3, "web_fetch_requests": 2}, {"web_search": 3}),
        ({"web_search_requests": 0}, {}),
        ({"web_search_requests": -1}, {}),
        ({"web_search_requests": 10**12}, {}),
        (None, {}),
    ],
)
def test_claude_counts_in_its_usage(told, used):
    assert dict(hosted_uses([], {"server_tool_use": told})) == used
