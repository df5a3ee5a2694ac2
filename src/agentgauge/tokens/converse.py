"""Amazon Bedrock's Converse: blocks that are named by their key, `system`, and `toolConfig`.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from __future__ import annotations

from typing import Any

from agentgauge.tokens.asked import Message, Offer, Prompt
from agentgauge.tokens.images import Image, size_of
from agentgauge.tokens.parts import Piece, ToolCall, arguments_of, dicts, text_of, word

_OWN = ("toolConfig", "inferenceConfig", "additionalModelRequestFields")
_FILES = ("document", "video", "audio")
_NOTHING = ("text", "cachePoint", "guardContent", "citationsContent", "image", "toolUse", "toolResult")


def is_converse(body: dict[str, Any]) -> bool:
    """Whether a body is of this API: others name the kind of a block in its `type`."""
    if any(isinstance(body.get(key), dict) for key in _OWN):
        return True
    if "tools" in body:
        return False
    blocks = [b for m in dicts(body.get("messages")) for b in dicts(m.get("content"))]
    return bool(blocks) and all(b and "type" not in b for b in blocks)


def read_converse(body: dict[str, Any]) -> Prompt:
    """The prompt of a request's body."""
    prompt = Prompt("chat")
    _read_tools(prompt, body.get("toolConfig"))
    if system := "".join(_block_text(block) for block in dicts(body.get("system"))):
        prompt.messages.append(Message("system", system))
    for message in dicts(body.get("messages")):
        _read_message(prompt, message)
    more = body.get("additionalModelRequestFields")
    thinking = more.get("thinking") if isinstance(more, dict) else None
    prompt.thinking = isinstance(thinking, dict) and thinking.get("type") == "enabled"
    if body.get("outputConfig"):
        prompt.built_in.append("output_config")  # what it adds is not published
    if body.get("guardrailConfig"):
        prompt.built_in.append("guardrail")
    return prompt


def pieces(body: dict[str, Any]) -> list[Piece]:
    """Text and calls of an answer, or of one event of a stream."""
    output = body.get("output")
    message = output.get("message") if isinstance(output, dict) else None
    if isinstance(message, dict):
        return [piece for n, b in enumerate(dicts(message.get("content"))) if (piece := _piece(n, b))]
    for kind in ("contentBlockStart", "contentBlockDelta"):
        event = body.get(kind)
        if isinstance(event, dict):
            inner = event.get("start", event.get("delta"))
            number = event.get("contentBlockIndex")
            key = number if isinstance(number, int) else 0
            return [piece] if isinstance(inner, dict) and (piece := _piece(key, inner)) else []
    return []


def _piece(key: int, block: dict[str, Any]) -> Piece | None:
    use = block.get("toolUse")
    if isinstance(use, dict):
        return Piece(("block", key), call=_call(use))
    reasoning = block.get("reasoningContent")
    if isinstance(reasoning, dict):
        inner = reasoning.get("reasoningText", reasoning)
        return Piece(("block", key), text=text_of(inner))
    text = _block_text(block)
    return Piece(("block", key), text=text) if text else None


def _read_tools(prompt: Prompt, config: Any) -> None:
    if not isinstance(config, dict):
        return
    for tool in dicts(config.get("tools")):
        spec = tool.get("toolSpec")
        if isinstance(spec, dict) and (name := word(spec.get("name"))):
            given = spec.get("inputSchema")
            schema = given.get("json") if isinstance(given, dict) else None
            parameters = schema if isinstance(schema, dict) else {}
            prompt.offers.append(Offer(name, word(spec.get("description")), parameters))
        elif isinstance(hosted := tool.get("systemTool"), dict):
            prompt.built_in.append(word(hosted.get("name")) or "unknown")
    prompt.has_tools = bool(prompt.offers or prompt.built_in)
    choice = config.get("toolChoice")
    if isinstance(choice, dict):
        prompt.required = "any" in choice
        named = choice.get("tool")
        prompt.forced = word(named.get("name")) if isinstance(named, dict) else ""


def _read_message(prompt: Prompt, message: dict[str, Any]) -> None:
    calls: list[ToolCall] = []
    texts: list[str] = []
    for block in dicts(message.get("content")):
        if isinstance(use := block.get("toolUse"), dict):
            calls.append(_call(use))
        if isinstance(result := block.get("toolResult"), dict):
            inner = dicts(result.get("content"))
            text = "".join(_block_text(b) or arguments_of(b.get("json")) for b in inner)
            prompt.messages.append(Message("tool", text, answers=word(result.get("toolUseId"))))
            for part in inner:
                _read_media(prompt, part)
        _read_media(prompt, block)
        texts.append(_block_text(block))
    if calls or any(texts):
        role = word(message.get("role")) or "user"
        prompt.messages.append(Message(role, "".join(texts), calls=tuple(calls)))


def _read_media(prompt: Prompt, block: dict[str, Any]) -> None:
    if isinstance(image := block.get("image"), dict):
        source = image.get("source")
        data = source.get("bytes") if isinstance(source, dict) else None
        prompt.images.append(Image(size_of(word(data))))
    for kind in block:
        if kind in _FILES:
            prompt.built_in.append("file")
        elif kind == "reasoningContent":
            prompt.built_in.append("reasoning")
        elif kind not in (*_NOTHING, "json"):
            prompt.built_in.append("unknown")


def _block_text(block: dict[str, Any]) -> str:
    """The text of a block, of one under a guardrail, or of one with citations."""
    guarded, cited = block.get("guardContent"), block.get("citationsContent")
    if isinstance(guarded, dict):
        return text_of(guarded.get("text"))
    if isinstance(cited, dict):
        return text_of(cited.get("content"))
    return word(block.get("text"))


def _call(use: dict[str, Any]) -> ToolCall:
    return ToolCall(word(use.get("toolUseId")), word(use.get("name")), arguments_of(use.get("input")))
