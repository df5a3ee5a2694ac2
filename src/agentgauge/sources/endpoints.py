"""Which of a client's requests are calls, by method and path."""

from __future__ import annotations

import re

_OPERATIONS = {
    "agents/completions": "chat",
    "chat/completions": "chat",
    "completions": "text_completion",
    "responses": "chat",
    "responses/compact": "chat",
    "embeddings": "embeddings",
    "v1/messages": "chat",
    "v1/complete": "text_completion",
}
_CALL_PATH = re.compile(
    r"/(chat/completions|agents/completions|completions|responses(?:/compact)?|embeddings|v1/messages|v1/complete)/?$"
)
_HOSTED_PATH = re.compile(
    # Models on Bedrock, Claude on Vertex, which counts tokens by the same verb, and Gemini.
    r"/model/[^/]+/(invoke|invoke-with-response-stream|converse|converse-stream)$"
    r"|/models/(?!count-tokens)[^/]+:((raw|streamRaw)Predict|(g|streamG)enerateContent)$"
)
_EMBEDDED_PATH = re.compile(r"/models/[^/]+:(embedContent|batchEmbedContents)$")
_POLL_PATH = re.compile(r"/responses/[^/]+(/cancel)?/?$")


def operation_of(method: str | None, path: str | None) -> str | None:
    """The operation of a call; None for what is no call: retrieve, list, cancel, polling."""
    if method != "POST" or path is None:
        return None
    found = _CALL_PATH.search(path)
    if found is not None:
        return _OPERATIONS[found[1]]
    if _EMBEDDED_PATH.search(path) is not None:
        return "embeddings"
    return "chat" if _HOSTED_PATH.search(path) else None


def is_poll(path: str | None) -> bool:
    """Whether a request asks about a background response."""
    return _POLL_PATH.search(path or "") is not None
