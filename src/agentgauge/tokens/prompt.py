"""One shape for what was asked: every kind of body that clients send becomes a `Prompt`.

Nothing in a body is taken for granted: what has the wrong type is left out, and nothing here raises.
"""

from __future__ import annotations

from typing import Any

from agentgauge.tokens.asked import AnswerFormat, Message, Offer, Prompt
from agentgauge.tokens.converse import is_converse, read_converse
from agentgauge.tokens.families import family_of
from agentgauge.tokens.gemini import read_gemini
from agentgauge.tokens.images import Image, image_tokens, size_of
from agentgauge.tokens.parts import (
    ToolCall,
    arguments_of,
    built_in_call,
    chat_calls,
    dicts,
    item_call,
    text_of,
    word,
)

_OPAQUE = (
    "search_result",
    "file",
    "input_file",
    "document",
    "input_audio",
    "audio",
    "video_url",
    "file_url",
    "container_upload",
)
_BLOCKS = ("tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use")


def read_prompt(operation: str, body: Any, *, model: str = "") -> Prompt:
    """The prompt of a request's JSON body, with its images measured by the model's rule."""
    prompt = _read_body(operation, body, forgets=family_of(model).forgets)
    for image in prompt.images:
        tokens = image_tokens(image, model)
        if tokens is None:
            prompt.uncounted_images += 1
        else:
            prompt.image_tokens += tokens
    if prompt.uncounted_images:
        prompt.built_in.append("image")
    return prompt


def _read_body(operation: str, body: Any, *, forgets: bool) -> Prompt:
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
    if "contents" in body:
        return read_gemini(body)
    if is_converse(body):
        return read_converse(body)
    prompt = Prompt("responses" if "messages" not in body and "input" in body else "chat")
    _read_tools(prompt, body)
    _read_format(prompt, body)
    if prompt.form == "responses":
        _read_items(prompt, body, forgets=forgets)
    else:
        if system := text_of(body.get("system")):
            prompt.messages.append(Message("system", system))
        for message in dicts(body.get("messages")):
            _read_message(prompt, message)
    return prompt


def _read_tools(prompt: Prompt, body: dict[str, Any]) -> None:
    for tool in dicts(body.get("tools")):
        kind: Any = tool.get("type", "function")
        function: Any = tool.get("function", tool)
        if isinstance(tool.get("input_schema"), dict) and word(tool.get("name")):  # Anthropic's form
            prompt.offers.append(_offer({**tool, "parameters": tool["input_schema"]}))
        elif kind == "function" and isinstance(function, dict) and word(function.get("name")):
            prompt.offers.append(_offer(function))
        else:
            prompt.built_in.append(word(kind) or "unknown")
    prompt.offers += [_offer(f) for f in dicts(body.get("functions")) if word(f.get("name"))]
    prompt.has_tools = bool(prompt.offers or prompt.built_in)
    choice = body.get("tool_choice", body.get("function_call"))
    prompt.required = choice == "required" or (isinstance(choice, dict) and choice.get("type") == "any")
    if isinstance(choice, dict):
        function = choice.get("function", choice)
        prompt.forced = word(function.get("name")) if isinstance(function, dict) else ""
        prompt.parallel = choice.get("disable_parallel_tool_use") is not True
    prompt.parallel = prompt.parallel and body.get("parallel_tool_calls") is not False


def _read_format(prompt: Prompt, body: dict[str, Any]) -> None:
    given: Any = body.get("response_format")
    if not isinstance(given, dict):
        text = body.get("text")
        given = text.get("format") if isinstance(text, dict) else None
    if isinstance(given, dict) and given.get("type") == "json_schema":
        of = given.get("json_schema", given)
        if isinstance(of, dict) and isinstance(schema := of.get("schema"), dict):
            prompt.answer_format = AnswerFormat(word(of.get("name")), word(of.get("description")), schema)
    thinking, effort = body.get("thinking"), body.get("reasoning")
    # Adaptive thinking adds nothing that one could see (6 rows of 5 models).
    prompt.thinking = isinstance(thinking, dict) and thinking.get("type") == "enabled"
    if isinstance(effort, dict) and effort:  # OpenRouter's name for it
        prompt.thinking = prompt.thinking or effort.get("effort") != "none"
    config = body.get("output_config")
    if body.get("output_format") or (isinstance(config, dict) and config.keys() - {"effort"}):
        prompt.built_in.append("output_config")  # Anthropic's: what it adds is not published


def _offer(function: dict[str, Any]) -> Offer:
    parameters = function.get("parameters")
    return Offer(
        word(function.get("name")),
        word(function.get("description")),
        parameters if isinstance(parameters, dict) else {},
        deferred=function.get("defer_loading") is True,
    )


def _only_function(tools: Any) -> Offer | None:
    """Of several, nobody knows yet how they are shown."""
    listed = dicts(tools)
    return _offer(listed[0]) if len(listed) == 1 and listed[0].get("type") == "function" else None


def _read_message(prompt: Prompt, message: dict[str, Any]) -> None:
    role = word(message.get("role")) or "user"
    content = message.get("content")
    prompt.looked_up |= _looked_up(content)
    images = _images(content)
    if role == "tool" and images:
        prompt.built_in.append(
            "image"
        )  # the API's reference knows only text there: 5 rows cost less than a rule
    else:
        prompt.images += images
    prompt.built_in += _files(content)
    if message.get("reasoning_details"):
        prompt.built_in.append("reasoning")
    if any(part.get("type") in _BLOCKS for part in dicts(content)):
        _read_blocks(prompt, role, content)
        return
    answers = None
    if role == "tool":
        answers = word(message.get("tool_call_id"))
    elif role == "function":
        answers = word(message.get("name"))
    calls = chat_calls(message) if role == "assistant" else ()
    prompt.messages.append(Message(role, text_of(content), word(message.get("name")), calls, answers))


def _read_blocks(prompt: Prompt, role: str, content: Any) -> None:
    """A message of Anthropic's: its results come before its text, as messages of their own."""
    calls: list[ToolCall] = []
    texts: list[str] = []
    for part in dicts(content):
        kind = word(part.get("type"))
        if kind == "tool_use":
            calls.append(
                ToolCall(word(part.get("id")), word(part.get("name")), arguments_of(part.get("input")))
            )
        elif kind == "tool_result":
            inner = part.get("content")
            prompt.images += _images(inner)
            prompt.built_in += _files(inner)
            prompt.looked_up |= _looked_up(inner)
            answers = word(part.get("tool_use_id"))
            prompt.messages.append(Message("tool", text_of(inner), answers=answers))
        elif kind in ("thinking", "redacted_thinking"):
            prompt.built_in.append("reasoning")
        elif kind not in ("text", "image", "document"):
            prompt.built_in.append(kind.removesuffix("_tool_result"))
        texts.append(word(part.get("text")))
    if calls or any(texts):
        prompt.messages.append(Message(role, "".join(texts), calls=tuple(calls)))


def _looked_up(content: Any) -> set[str]:
    """Deferred tools that a result or a message of Anthropic's brings into the prompt."""
    parts = dicts(content)
    added = dicts([part.get("tool") for part in parts if part.get("type") == "tool_addition"])
    return {word(part.get("tool_name")) for part in parts} | {word(tool.get("name")) for tool in added}


def _images(content: Any) -> list[Image]:
    return [_image(part) for part in dicts(content) if "image" in word(part.get("type"))]


def _image(part: dict[str, Any]) -> Image:
    """OpenAI's `image_url` and `input_image`, Anthropic's `source`."""
    given: Any = part.get("image_url", part.get("source"))
    of: dict[str, Any] = given if isinstance(given, dict) else {}
    data = given if isinstance(given, str) else word(of.get("url")) or word(of.get("data"))
    detail = word(of.get("detail")) or word(part.get("detail")) or "auto"
    return Image(size_of(data), detail)


def _files(content: Any) -> list[str]:
    """Files, documents and sound: what the provider makes of them is in no rule."""
    return [
        kind.removeprefix("input_") for part in dicts(content) if (kind := word(part.get("type"))) in _OPAQUE
    ]


def _read_items(prompt: Prompt, body: dict[str, Any], *, forgets: bool) -> None:
    if instructions := text_of(body.get("instructions")):
        prompt.messages.append(Message("system", instructions))
    given = body.get("input")
    if isinstance(given, str):
        prompt.messages.append(Message("user", given))
    if body.get("previous_response_id") or body.get("conversation"):
        prompt.built_in.append("conversation_state")
    items = dicts(given)
    reasoning = body.get("reasoning")
    forgets = forgets and not (isinstance(reasoning, dict) and reasoning.get("context") == "all_turns")
    turn = max((i for i, item in enumerate(items) if item.get("role") == "user"), default=0) if forgets else 0
    for i, item in enumerate(items):
        if i >= turn or item.get("type") != "reasoning":
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
        prompt.built_in += _files(output)
        text = text_of(output) or arguments_of(output)
        prompt.messages.append(Message("tool", text, answers=word(item.get("call_id"))))
    elif kind == "reasoning":
        prompt.built_in.append("reasoning")
    elif kind == "additional_tools" and (added := _only_function(item.get("tools"))):
        prompt.messages.append(Message("developer", adds=added))
        prompt.has_tools = True
    elif kind in ("", "message"):
        _read_message(prompt, item)
    else:
        prompt.built_in.append(built_in_call(item) or kind)
