"""Which of a client's requests are calls, by method and path."""

from __future__ import annotations

import re

_OPERATIONS = {
    "chat/completions": "chat",
    "completions": "text_completion",
    "responses": "chat",
    "responses/compact": "chat",
    "embeddings": "embeddings",
}
_CALL_PATH = re.compile(r"/(chat/completions|completions|responses(?:/compact)?|embeddings)/?$")
_POLL_PATH = re.compile(r"/responses/[^/]+(/cancel)?/?$")


def operation_of(method: str | None, path: str | None) -> str | None:
    """The operation of a call; None for what is no call: retrieve, list, cancel, polling."""
    found = _CALL_PATH.search(path or "")
    return _OPERATIONS[found[1]] if found is not None and method == "POST" else None


def is_poll(path: str | None) -> bool:
    """Whether a request asks about a background response."""
    return _POLL_PATH.search(path or "") is not None
