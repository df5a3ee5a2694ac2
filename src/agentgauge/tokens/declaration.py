"""Renders tool definitions as the TypeScript declarations that OpenAI's models are given.

The form was found by fitting to recorded requests with the provider's own counts; the provider does not
document it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEEPEST = 24
_MOST_TYPES = 20_000  # shared definitions that refer to each other can grow without end
_SCALARS = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean", "null": "null"}


def render(name: str, description: str, parameters: Mapping[str, Any], *, titles: bool = True) -> str:
    """One function's declaration; whatever the schema has that cannot be read is `any`.

    Args:
        name: of the function.
        description: of the function.
        parameters: its JSON schema.
        titles: the newer form, which shows titles, and objects without properties.
    """
    shown = (parameters.get("title"), parameters.get("description")) if titles else ()
    notes = [line for text in (*shown, description) for line in _comment(text)]
    head = "".join(f"{line}\n" for line in notes)
    schema = _Schema(parameters, titles=titles)
    fields = list(schema.fields(parameters, depth=0))
    if not fields:
        return f"{head}type {name} = () => any;"
    if any("\n" in f or "//" in f for f in fields):
        return f"{head}type {name} = (_: {{\n" + "\n".join(fields) + "\n}) => any;"
    return f"{head}type {name} = (_: {{" + " ".join(fields).removesuffix(",") + " }) => any;"


def _comment(text: Any) -> Iterator[str]:
    """Comment lines; blank lines and leading spaces vanish."""
    if isinstance(text, str):
        for line in text.splitlines():
            if line.strip():
                yield f"// {line.strip()}"


class _Schema:
    """A JSON schema with its shared definitions, of which nothing is taken for granted."""

    def __init__(self, root: Mapping[str, Any], *, titles: bool) -> None:
        self._root = root
        self._titles = titles
        self._left = _MOST_TYPES
        self._open: list[str] = []

    def fields(self, schema: Mapping[str, Any], *, depth: int) -> Iterator[str]:
        """`name?: type, // default: x`, its comment lines before it."""
        properties = schema.get("properties")
        if not isinstance(properties, dict):
            return
        required = schema.get("required")
        needed = {r for r in required if isinstance(r, str)} if isinstance(required, list) else set()
        for name, given in properties.items():
            field = self._resolved(given)
            if not self._titles and field.get("type") == "object" and not field.get("properties"):
                continue  # the older form leaves out what it cannot show (20 rows)
            title = field.get("title") if self._titles else None
            lines = [*_comment(title), *_comment(field.get("description"))]
            optional = "" if name in needed else "?"
            default = f" // default: {_literal(field['default'], bare=True)}" if "default" in field else ""
            lines.append(f"{name}{optional}: {self.type_of(given, depth=depth)},{default}")
            yield "\n".join(lines)

    def type_of(self, given: Any, *, depth: int) -> str:
        """The TypeScript type of a schema; one that refers to itself is `any` inside."""
        ref = given.get("$ref") if isinstance(given, dict) else None
        self._left -= 1
        if depth > _DEEPEST or self._left < 0 or ref in self._open:
            return "any"
        if not isinstance(ref, str):
            return self._expanded(self._resolved(given), depth=depth)
        self._open.append(ref)
        try:
            return self._expanded(self._resolved(given), depth=depth)
        finally:
            self._open.pop()

    def _expanded(self, schema: Mapping[str, Any], *, depth: int) -> str:
        if isinstance(values := schema.get("enum"), list):
            return " | ".join(_literal(v) for v in values) or "any"
        if "const" in schema:
            return _literal(schema["const"])
        for key in ("anyOf", "oneOf"):
            if isinstance(options := schema.get(key), list):
                return " | ".join(self.type_of(o, depth=depth + 1) for o in options)
        kind = schema.get("type")
        if isinstance(kind, list):
            # Each type of the list is an alternative of its own, which repeats the comment.
            notes = "".join(f"\n{line}" for line in _comment(schema.get("description")))
            before = f"{notes}\n" if notes else ""
            kinds = (self.type_of({**schema, "type": k}, depth=depth + 1) for k in kind)
            return " | ".join(f"{before}{k}" for k in kinds)
        return self._plain(schema, kind, depth=depth)

    def _plain(self, schema: Mapping[str, Any], kind: Any, *, depth: int) -> str:
        if kind == "array":
            item = self.type_of(schema.get("items", {}), depth=depth + 1)
            return f"({item})[]" if " | " in item and not item.startswith("{") else f"{item}[]"
        if kind == "object" or "properties" in schema:
            fields = list(self.fields(schema, depth=depth + 1))
            return "{\n" + "\n".join(fields) + "\n}" if fields else "object"
        return _SCALARS.get(kind, "any") if isinstance(kind, str) else "any"

    def _resolved(self, given: Any) -> Mapping[str, Any]:
        """The schema with a `$ref` replaced by what it names."""
        schema: Any = given
        for _ in range(_DEEPEST):
            ref = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(ref, str):
                break
            target: Any = self._root
            for step in ref.removeprefix("#/").split("/"):
                target = target.get(step) if isinstance(target, dict) else None
            named = target if isinstance(target, dict) else {}
            schema = {**named, **{k: v for k, v in schema.items() if k != "$ref"}}
        return schema if isinstance(schema, dict) else {}


def _literal(value: Any, *, bare: bool = False) -> str:
    if isinstance(value, str) and bare:
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return "any"
