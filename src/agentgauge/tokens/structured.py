"""What a `json_schema` as the answer's format costs: the prompt then shows the schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from agentgauge.tokens.vocabulary import count_tokens

if TYPE_CHECKING:
    from agentgauge.tokens.asked import AnswerFormat
    from agentgauge.tokens.families import Family

_DEEPEST = 24
_NOT_SHOWN = {"additionalProperties", "required", "minimum", "maximum", "$schema"}
_NAMED = {"properties", "$defs", "definitions"}  # what is inside has names of the user's, not keywords

# Fitted to 24 distinct formats in chat and 14 in the Responses API: exact for gpt-5, up to 9 off elsewhere.
_CHAT_AROUND = 8
_CHAT_AROUND_WITH_SYSTEM = 5
_CHAT_AROUND_WITH_TOOLS = 1


def format_tokens(asked: AnswerFormat, family: Family, *, form: str, system: bool, tools: bool) -> int:
    """Tokens that the format adds to the request."""
    note = f"// {asked.description}\n" if asked.description else ""
    try:
        schema = json.dumps(_shown(asked.schema), ensure_ascii=False, separators=(",", ":"), default=str)
    except (TypeError, ValueError, RecursionError):
        return 0
    text = f"# Response Formats\n\n## {asked.name}\n\n{note}{schema}"
    return count_tokens(text, encoding=family.encoding) + _around(family, form, system=system, tools=tools)


def _around(family: Family, form: str, *, system: bool, tools: bool) -> int:
    if form == "responses":
        return family.responses_format
    if tools:
        return _CHAT_AROUND_WITH_TOOLS
    return _CHAT_AROUND_WITH_SYSTEM if system else _CHAT_AROUND


def _shown(schema: Any, *, named: bool = False, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        return None
    if isinstance(schema, list):
        return [_shown(item, depth=depth + 1) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _shown(value, named=not named and key in _NAMED, depth=depth + 1)
        for key, value in schema.items()
        if named or key not in _NOT_SHOWN
    }
