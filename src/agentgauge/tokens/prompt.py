"""One shape for what was asked: chat, Responses, completions and embeddings bodies become a `Prompt`.

Nothing in a body is taken for granted: what has the wrong type is left out, and nothing here raises.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

_DEEPEST = 8
SYSTEM_ROLES = ("system", "developer")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model asked for; `arguments` is the text it wrote."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A function that the model may call."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `answers` is the call id (or the name, in the legacy form) that a tool result answers."""

    role: str
    text: str = ""
    name: str = ""
    calls: tuple[ToolCall, ...] = ()
    answers: str | None = None


@dataclass(slots=True)
class Prompt:
    """What was asked.

    Attributes:
        form: `chat`, `responses`, `completions` or `embeddings`.
        offers: functions, in order.
        built_in: the provider's own tools and other things whose tokens nobody can know.
        messages: in order, the Responses API's instructions first.
        images: how many were sent.
        token_ids: how many tokens were sent as numbers, which some clients of embeddings do.
        has_tools: the request carried tools of any kind.
        forced: the function that `tool_choice` names.
        parallel: `parallel_tool_calls` was not switched off.
        readable: there was something to count.
    """

    form: str
    offers: list[Offer] = field(default_factory=list)
    built_in: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    images: int = 0
    token_ids: int = 0
    has_tools: bool = False
    forced: str = ""
    parallel: bool = True

    @property
    def readable(self) -> bool:
        """There was something to count."""
        return bool(self.messages or self.offers or self.token_ids)


def read_prompt(operation: str, body: Any) -> Prompt:
    """The prompt of a request's JSON body."""
    if not isinstance(body, dict):
        return Prompt("chat")
    if operation == "embeddings" or "prompt" in body:
        form = "embeddings" if operation == "embeddings" else "completions"
        given = body.get("input" if form == "embeddings" else "prompt")
        inputs = given if isinstance(given, list) else [given]
        return Prompt(
            form,
            messages=[Message("user", t) for t in inputs if isinstance(t, str)],
            token_ids=sum(isinstance(t, int) for t in inputs)
            + sum(len(t) for t in inputs if isinstance(t, list)),
        )
    prompt = Prompt("responses" if "messages" not in body and "input" in body else "chat")
    _read_tools(prompt, body)
    if prompt.form == "responses":
        _read_items(prompt, body)
    else:
        for message in _dicts(body.get("messages")):
            _read_message(prompt, message)
    return prompt


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
    for call in _dicts(message.get("tool_calls")):
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
    return ToolCall(word(item.get("call_id")), word(item.get("name")), arguments_of(written))


def built_in_call(item: dict[str, Any]) -> str | None:
    """`web_search` for an item of type `web_search_call`, and so on; the provider ran it."""
    kind = word(item.get("type"))
    return kind.removesuffix("_call") if kind.endswith("_call") and not kind.startswith("function") else None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _read_tools(prompt: Prompt, body: dict[str, Any]) -> None:
    for tool in _dicts(body.get("tools")):
        kind: Any = tool.get("type", "function")
        function: Any = tool.get("function", tool)
        if kind == "function" and isinstance(function, dict) and word(function.get("name")):
            prompt.offers.append(_offer(function))
        else:
            prompt.built_in.append(word(kind) or "unknown")
    prompt.offers += [_offer(f) for f in _dicts(body.get("functions")) if word(f.get("name"))]
    prompt.has_tools = bool(prompt.offers or prompt.built_in)
    choice = body.get("tool_choice", body.get("function_call"))
    if isinstance(choice, dict):
        function = choice.get("function", choice)
        prompt.forced = word(function.get("name")) if isinstance(function, dict) else ""
    prompt.parallel = body.get("parallel_tool_calls") is not False


def _offer(function: dict[str, Any]) -> Offer:
    parameters = function.get("parameters")
    return Offer(
        word(function.get("name")),
        word(function.get("description")),
        parameters if isinstance(parameters, dict) else {},
    )


def _read_message(prompt: Prompt, message: dict[str, Any]) -> None:
    role = word(message.get("role")) or "user"
    content = message.get("content")
    prompt.images += _images(content)
    answers = None
    if role == "tool":
        answers = word(message.get("tool_call_id"))
    elif role == "function":
        answers = word(message.get("name"))
    calls = chat_calls(message) if role == "assistant" else ()
    prompt.messages.append(Message(role, text_of(content), word(message.get("name")), calls, answers))


def _images(content: Any) -> int:
    return sum("image" in word(part.get("type")) for part in _dicts(content))


def _read_items(prompt: Prompt, body: dict[str, Any]) -> None:
    if instructions := text_of(body.get("instructions")):
        prompt.messages.append(Message("system", instructions))
    given = body.get("input")
    if isinstance(given, str):
        prompt.messages.append(Message("user", given))
    if body.get("previous_response_id") or body.get("conversation"):
        prompt.built_in.append("conversation_state")
    for item in _dicts(given):
        _read_item(prompt, item)


def _read_item(prompt: Prompt, item: dict[str, Any]) -> None:
    kind = word(item.get("type"))
    if call := item_call(item):
        last = prompt.messages[-1] if prompt.messages else None
        if last is not None and last.calls and not last.text:  # parallel calls are items of their own
            prompt.messages[-1] = Message("assistant", calls=(*last.calls, call))
        else:
            prompt.messages.append(Message("assistant", calls=(call,)))
    elif kind in ("function_call_output", "custom_tool_call_output"):
        output = item.get("output")
        prompt.images += _images(output)
        text = text_of(output) or arguments_of(output)
        prompt.messages.append(Message("tool", text, answers=word(item.get("call_id"))))
    elif kind == "reasoning":
        prompt.built_in.append("reasoning")
    elif kind in ("", "message"):
        _read_message(prompt, item)
    else:
        prompt.built_in.append(built_in_call(item) or kind)
