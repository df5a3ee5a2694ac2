"""agentgauge's count of a request, and three simple methods to hold it against."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentgauge.tokens import Kind, count_exchange
from agentgauge.tokens.families import family_of
from agentgauge.tokens.vocabulary import count_tokens

if TYPE_CHECKING:
    from recordings import Recording

FLAT = 200
_FAMILIES = ("gpt-5", "gpt-4.1", "gpt-4o", "gpt-4", "gpt-3", "claude")


@dataclass(frozen=True, slots=True)
class Measured:
    """What each method says of one recording, in tokens."""

    family: str
    known: bool
    nested: bool
    has_tools: bool
    countable: bool
    ours: int
    text: int
    definitions: int
    history: int
    simple: dict[str, int]


def family_name(model: str) -> str:
    """`gpt-4o` and so on; `o-series`; `other`."""
    name = model.lower().rpartition("/")[2]
    found = next((f for f in _FAMILIES if name.startswith(f) or (f == "claude" and f in name)), None)
    return found or ("o-series" if re.match(r"o\d(?!\d)", name) else "other")


def measure(recording: Recording) -> Measured:
    """Counts one recording by every method."""
    counted = count_exchange(operation="chat", model=recording.model, request=recording.request, answers=[])
    of = {kind: sum(s.tokens for s in counted.segments if s.kind is kind) for kind in Kind}
    rest = counted.input_tokens - of[Kind.DEFINITION]
    tools = [t for t in _tools(recording.request) if isinstance(t, dict)]
    encoding = family_of(recording.model).encoding
    return Measured(
        family=family_name(recording.model),
        known=counted.known_encoding,
        nested=any(_is_nested(t) for t in tools),
        has_tools=bool(counted.offered),
        countable=not counted.uncountable and counted.input_readable,
        ours=counted.input_tokens,
        text=of[Kind.TEXT],
        definitions=of[Kind.DEFINITION],
        history=rest - of[Kind.TEXT],
        simple={
            "JSON": rest + sum(count_tokens(json.dumps(t), encoding=encoding) for t in tools),
            "cookbook": rest + _cookbook(tools, encoding),
            "flat 200": rest + FLAT * len(tools),
        },
    )


def _tools(request: dict[str, Any]) -> list[Any]:
    """The tools as a request of any API lists them."""
    given = request.get("tools") or (request.get("toolConfig") or {}).get("tools") or []
    listed = given if isinstance(given, list) else [given]
    declared = [
        t.get("functionDeclarations", t.get("function_declarations")) for t in listed if isinstance(t, dict)
    ]
    flat = [function for functions in declared if functions for function in functions]
    return flat or [t.get("toolSpec", t) if isinstance(t, dict) else t for t in listed]


def _schema(tool: dict[str, Any]) -> dict[str, Any]:
    function = tool.get("function", tool)
    schema = function.get("parameters", function.get("input_schema")) if isinstance(function, dict) else None
    return schema if isinstance(schema, dict) else {}


def _is_nested(tool: dict[str, Any]) -> bool:
    """Whether a property has properties of its own."""
    text = json.dumps(_schema(tool))
    return text.count('"properties"') > 1 or '"$ref"' in text


def _cookbook(tools: list[dict[str, Any]], encoding: str) -> int:
    """The formula of OpenAI's cookbook for gpt-4o, as far as it goes: flat properties with a description."""
    total = 12 if tools else 0
    for tool in tools:
        function = tool.get("function", tool)
        name, description = function.get("name") or "", (function.get("description") or "").rstrip(".")
        total += 7 + count_tokens(f"{name}:{description}", encoding=encoding)
        properties = _schema(tool).get("properties")
        if isinstance(properties, dict) and properties:
            total += 3
            total += sum(_cookbook_property(k, v, encoding) for k, v in properties.items())
    return total


def _cookbook_property(name: str, schema: Any, encoding: str) -> int:
    schema = schema if isinstance(schema, dict) else {}
    values = schema.get("enum") if isinstance(schema.get("enum"), list) else []
    described = str(schema.get("description") or "").rstrip(".")
    line = f"{name}:{schema.get('type')}:{described}"
    enum = sum(3 + count_tokens(str(v), encoding=encoding) for v in values) - (3 if values else 0)
    return 3 + enum + count_tokens(line, encoding=encoding)
