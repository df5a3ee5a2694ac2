"""What the simulated model says: text, JSON in the asked form, or tool calls."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

from .script import Ask, Rule

DEFAULT_TEXT = "This is a simulated answer: it says nothing, in about as many words as a short one."
SCHEMA_DEPTH = 8
MAX_CHOICES = 16

# What answers, where it is not what was asked: the dated snapshot behind an alias.
SNAPSHOTS = {
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
}
MODELS = (*SNAPSHOTS, "text-embedding-3-small")

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for; arguments are JSON text, or what a rule wants in its place."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, before it takes the shape of an endpoint. `model` is the one that answers."""

    id: str
    model: str
    text: str
    tool_calls: tuple[ToolCall, ...]
    finish: str
    choices: int


def reply_to(ask: Ask, rule: Rule) -> Reply:
    """The model's answer to a request, as its rule wants it."""
    calls = tuple(
        ToolCall(f"call_{next(_numbers):06d}", call["name"], _arguments(call.get("arguments", {})))
        for call in _wanted_calls(ask, rule)
    )
    choices = ask.body.get("n")
    return Reply(
        id=f"sim-{next(_numbers):06d}",
        model=SNAPSHOTS.get(ask.model, ask.model),
        text="" if calls else _text(ask, rule),
        tool_calls=calls,
        finish=rule.finish or ("tool_calls" if calls else "stop"),
        choices=min(max(choices, 1), MAX_CHOICES) if isinstance(choices, int) else 1,
    )


def pieces(text: str) -> list[str]:
    """A text in the pieces in which a stream sends it."""
    words = text.split(" ")
    return [f"{word} " for word in words[:-1]] + [words[-1]]


def _arguments(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _text(ask: Ask, rule: Rule) -> str:
    if rule.json_answer is not None:
        return json.dumps(rule.json_answer)
    if rule.answer is not None:
        return rule.answer
    # Chat completions and the Responses API ask for JSON under different names.
    text_options = ask.body.get("text")
    wanted = ask.body.get("response_format") or (text_options or {}).get("format") or {}
    if not isinstance(wanted, dict) or wanted.get("type") not in ("json_object", "json_schema"):
        return DEFAULT_TEXT
    schema = (wanted.get("json_schema") or wanted).get("schema")
    return json.dumps(sample(schema) if isinstance(schema, dict) else {"answer": DEFAULT_TEXT})


def _wanted_calls(ask: Ask, rule: Rule) -> list[dict[str, Any]]:
    if rule.tool_calls is not None:
        return rule.tool_calls
    if rule.answer is not None or rule.json_answer is not None or ask.body.get("tool_choice") == "none":
        return []
    tools = _functions(ask.body.get("tools"))
    if not tools or _ends_with_result(ask.body):
        return []
    return [{"name": tools[0]["name"], "arguments": sample(_schema(tools[0]))}]


def _schema(tool: dict[str, Any]) -> dict[str, Any]:
    return tool.get("parameters") or tool.get("input_schema") or {}


def _functions(tools: object) -> list[dict[str, Any]]:
    """Function declarations of a request: nested in chat completions, flat in the Responses API."""
    if not isinstance(tools, list):
        return []
    found = [tool.get("function", tool) for tool in tools if isinstance(tool, dict)]
    return [tool for tool in found if isinstance(tool, dict) and isinstance(tool.get("name"), str)]


def _ends_with_result(body: dict[str, Any]) -> bool:
    messages = body.get("messages", body.get("input"))
    if not isinstance(messages, list) or not messages or not isinstance(messages[-1], dict):
        return False
    last = messages[-1]
    content = last.get("content")
    parts = content if isinstance(content, list) else []
    results = any(isinstance(part, dict) and part.get("type") == "tool_result" for part in parts)
    return results or last.get("role") == "tool" or last.get("type") == "function_call_output"


def sample(schema: Any, *, root: dict[str, Any] | None = None, depth: int = 0) -> Any:
    """A value that a JSON schema allows: its first choice everywhere; None for what is no schema."""
    if depth > SCHEMA_DEPTH or not isinstance(schema, dict):
        return None
    root = root or schema
    if schema.get("enum") or "const" in schema:
        return schema["enum"][0] if schema.get("enum") else schema["const"]
    reference = schema.get("$ref")
    if isinstance(reference, str):
        inner = root.get("$defs", {}).get(reference.rpartition("/")[2], {})
        return sample(inner, root=root, depth=depth + 1)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return sample(options[0], root=root, depth=depth + 1)
    return _sample_of_type(schema, root=root, depth=depth + 1)


def _sample_of_type(schema: dict[str, Any], *, root: dict[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    plain = {"string": "simulated", "integer": 1, "number": 1.5, "boolean": True, "null": None}
    if kind in plain:
        return plain[kind]
    if kind == "array":
        return [sample(schema.get("items") or {}, root=root, depth=depth)]
    parts = schema.get("properties") or {}
    return {name: sample(part, root=root, depth=depth) for name, part in parts.items()}
