"""Which of a client's requests are calls, by method and path."""

from __future__ import annotations

import re

_OPERATIONS = {
    "chat/completions": "chat",
    "completions": "text_completion",
    "responses": "chat",
    "responses/compact": "chat",
    "embeddings": "embeddings",
    "v1/messages": "chat",
    "v1/complete": "text_completion",
}
_CALL_PATH = re.compile(
    r"/(chat/completions|completions|responses(?:/compact)?|embeddings|v1/messages|v1/complete)/?$"
)
_HOSTED_PATH = re.compile(
    # Claude by Bedrock and Vertex; Vertex counts tokens by the same verb.
    r"/model/[^/]+/invoke(-with-response-stream)?$|/models/(?!count-tokens)[^/]+:(raw|streamRaw)Predict$"
)
_POLL_PATH = re.compile(r"/responses/[^/]+(/cancel)?/?$")


def operation_of(method: str | None, path: str | None) -> str | None:
    """The operation of a call; None for what is no call: retrieve, list, cancel, polling."""
    if method != "POST" or path is None:
        return None
    found = _CALL_PATH.search(path)
    if found is not None:
        return _OPERATIONS[found[1]]
    return "chat" if _HOSTED_PATH.search(path) else None


def is_poll(path: str | None) -> bool:
    """Whether a request asks about a background response."""
    return _POLL_PATH.search(path or "") is not None
