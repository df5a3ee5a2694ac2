"""What requests and answers are made of: texts, and the calls in a message or an item.

Nothing in a body is taken for granted: what has the wrong type is left out, and nothing here raises.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asked for; `arguments` is the text it wrote.

    `kept` is a call that the Responses API gave out and knows again by the item's own id, beside the call's.
    `namespace` is that of the tool, where it has one of its own.
    """

    id: str
    name: str
    arguments: str
    kept: bool = False
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer: text, a call, part of a call, or a tool that the provider ran.

    Pieces with one key belong together; None stands for itself.
    """

    key: Any
    text: str = ""
    call: ToolCall | None = None
    built_in: str = ""


def text_of(value: Any, *, depth: int = 0) -> str:
    """The text of a content: a string, or a list of parts of which those with text count."""
    if isinstance(value, str):
        return value
    if depth < _DEEPEST and isinstance(value, list):
        return "".join(text_of(part, depth=depth + 1) for part in value)
    if depth < _DEEPEST and isinstance(value, dict):
        return next((v for k in ("text", "refusal", "content") if isinstance(v := value.get(k), str)), "")
    return ""


def word(value: Any) -> str:
    """A string, or none."""
    return value if isinstance(value, str) else ""


def arguments_of(value: Any) -> str:
    """A call's arguments as text; some servers send an object."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict | list):
        return ""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (TypeError, ValueError, RecursionError):
        return ""


def chat_calls(message: dict[str, Any]) -> tuple[ToolCall, ...]:
    """The calls in an assistant's chat message, the legacy `function_call` included."""
    found = []
    for call in dicts(message.get("tool_calls")):
        custom = call.get("custom")
        of = custom if isinstance(custom, dict) else call.get("function")
        if isinstance(of, dict):
            written = of.get("arguments", of.get("input"))
            found.append(ToolCall(word(call.get("id")), word(of.get("name")), arguments_of(written)))
    legacy = message.get("function_call")
    if isinstance(legacy, dict):
        name = word(legacy.get("name"))
        found.append(ToolCall(name, name, arguments_of(legacy.get("arguments"))))
    return tuple(found)


def item_call(item: dict[str, Any]) -> ToolCall | None:
    """The call in an item of the Responses API."""
    kind = item.get("type")
    if kind not in ("function_call", "custom_tool_call"):
        return None
    written = item.get("arguments") if kind == "function_call" else item.get("input")
    kept = bool(word(item.get("id")))
    called = word(item.get("call_id")), word(item.get("name")), arguments_of(written)
    return ToolCall(*called, kept=kept, namespace=word(item.get("namespace")))


def built_in_call(item: dict[str, Any]) -> str | None:
    """`web_search` for an item of type `web_search_call`, and so on; the provider ran it."""
    kind = word(item.get("type"))
    return kind.removesuffix("_call") if kind.endswith("_call") and not kind.startswith("function") else None


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects in a list."""
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
