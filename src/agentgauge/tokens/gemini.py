"""Gemini's generateContent: `contents`, `systemInstruction` and `functionDeclarations`.

Field names come in camel case and in snake case; the API takes both.
https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from typing import Any

from agentgauge.tokens.asked import Message, Offer, Prompt
from agentgauge.tokens.images import Image, size_of
from agentgauge.tokens.parts import Piece, ToolCall, arguments_of, dicts, word

_SCHEMAS = ("parametersJsonSchema", "parameters")
_HOSTED = ("executableCode", "codeExecutionResult", "toolCall", "toolResponse")


def read_gemini(body: dict[str, Any]) -> Prompt:
    """The prompt of a request's body."""
    prompt = Prompt("chat")
    _read_tools(prompt, body)
    if system := _text(_part_list(_get(body, "systemInstruction"))):
        prompt.messages.append(Message("system", system))
    if _get(body, "cachedContent"):
        prompt.built_in.append("conversation_state")
    config = _get(body, "generationConfig")
    if isinstance(config, dict) and (_get(config, "responseSchema") or _get(config, "responseJsonSchema")):
        prompt.built_in.append("response_schema")  # what it adds is not published
    given = body["contents"]
    if isinstance(given, str):
        prompt.messages.append(Message("user", given))
    for content in [given] if isinstance(given, dict) else dicts(given):
        _read_content(prompt, content)
    return prompt


def pieces(body: dict[str, Any]) -> list[Piece]:
    """Text and calls of an answer, or of one chunk of a stream: a chunk has its calls whole."""
    found = []
    for number, candidate in enumerate(dicts(body.get("candidates"))):
        for part in _part_list(candidate.get("content")):
            call = _get(part, "functionCall")
            if isinstance(call, dict):
                found.append(Piece(None, call=_call(call)))
            elif text := word(part.get("text")):
                found.append(Piece(("candidate", number), text=text))
            else:
                found += [Piece(None, built_in=_snake(kind)) for kind in _HOSTED if _get(part, kind)]
    return found


def _read_tools(prompt: Prompt, body: dict[str, Any]) -> None:
    given = body.get("tools")
    for tool in [given] if isinstance(given, dict) else dicts(given):
        declared = _get(tool, "functionDeclarations")
        for function in dicts(declared):
            if name := word(function.get("name")):
                schema = next((s for k in _SCHEMAS if isinstance(s := _get(function, k), dict)), {})
                prompt.offers.append(Offer(name, word(function.get("description")), _lowered(schema)))
        hosted = (_snake(k) for k in tool if _snake(k) != "function_declarations")
        prompt.built_in += [kind for kind in hosted if kind]
    prompt.has_tools = bool(prompt.offers or prompt.built_in)
    choice = _get(body, "toolConfig")
    calling = _get(choice, "functionCallingConfig") if isinstance(choice, dict) else None
    prompt.required = isinstance(calling, dict) and calling.get("mode") == "ANY"


def _read_content(prompt: Prompt, content: dict[str, Any]) -> None:
    role = "assistant" if content.get("role") == "model" else "user"
    calls: list[ToolCall] = []
    texts: list[str] = []
    for part in _part_list(content):
        call, result = _get(part, "functionCall"), _get(part, "functionResponse")
        if isinstance(call, dict):
            calls.append(_call(call))
        elif isinstance(result, dict):
            _read_result(prompt, result)
        else:
            texts.append(word(part.get("text")))
            _read_media(prompt, part)
            prompt.built_in += [_snake(kind) for kind in _HOSTED if _get(part, kind)]
        if _get(part, "thoughtSignature") or part.get("thought"):
            prompt.built_in.append("reasoning")
    if calls or any(texts):
        prompt.messages.append(Message(role, "".join(texts), calls=tuple(calls)))


def _read_result(prompt: Prompt, result: dict[str, Any]) -> None:
    for part in dicts(result.get("parts")):
        _read_media(prompt, part)
    answers = word(result.get("id")) or word(result.get("name"))
    text = arguments_of(result.get("response"))
    prompt.messages.append(Message("function", text, answers=answers))


def _read_media(prompt: Prompt, part: dict[str, Any]) -> None:
    inline, linked = _get(part, "inlineData"), _get(part, "fileData")
    given = inline if isinstance(inline, dict) else linked
    if not isinstance(given, dict):
        return
    if word(_get(given, "mimeType")).startswith("image/"):
        prompt.images.append(Image(size_of(word(given.get("data")))))
    else:
        prompt.built_in.append("file")


def _call(call: dict[str, Any]) -> ToolCall:
    """A call; without an id its result bears the function's name."""
    name = word(call.get("name"))
    return ToolCall(word(call.get("id")) or name, name, arguments_of(call.get("args")))


def _part_list(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"text": content}]
    given = content.get("parts") if isinstance(content, dict) else content
    return [given] if isinstance(given, dict) else dicts(given)


def _text(parts: list[dict[str, Any]]) -> str:
    return "".join(word(part.get("text")) for part in parts)


def _lowered(schema: Any) -> Any:
    """Gemini's own schemas write their types in capitals."""
    if isinstance(schema, list):
        return [_lowered(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {k: v.lower() if k == "type" and isinstance(v, str) else _lowered(v) for k, v in schema.items()}


def _get(of: dict[str, Any], name: str) -> Any:
    return of[name] if name in of else of.get(_snake(name))


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
