"""What a body or a stream's chunks say about how the model answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentgauge.labels import clean_label

_DONE_EVENTS = {"response.completed", "response.incomplete", "response.failed", "message_stop"}
_HOLDERS = ("response", "message")  # of the Responses API's events, and of Anthropic's `message_start`
_DONE_STATUS = {"completed", "incomplete", "failed", "cancelled"}
_MOST_REASONS = 16


@dataclass(frozen=True, slots=True)
class Answered:
    """Facts about an answer; `complete` when the model said that it was done.

    `status` is that of the Responses API, None elsewhere. `broken`: an event of a stream told of an error.
    """

    model: str | None = None
    response_id: str | None = None
    finish_reasons: tuple[str, ...] = ()
    status: str | None = None
    complete: bool = False
    broken: bool = False


def read_answers(answers: Sequence[Mapping[str, Any]], *, choices: int = 1) -> Answered:
    """Reads one body, or the chunks of a stream as far as they came; `choices` were asked for."""
    model = response_id = status = None
    reasons: dict[str, str] = {}
    complete = False
    for answer in answers:
        holder = next((h for n in _HOLDERS if isinstance(h := answer.get(n), Mapping)), answer)
        model = _text(holder.get("model")) or _text(answer.get("modelVersion")) or model
        response_id = _text(holder.get("id")) or _text(answer.get("responseId")) or response_id
        if holder.get("object") == "response":
            status = _text(holder.get("status")) or status
        complete = complete or answer.get("type") in _DONE_EVENTS
        if reason := _text(_stopped(answer)):
            reasons["0"] = clean_label(reason, most=64)
        for index, choice in enumerate(_items(answer.get("choices"))):
            if reason := _text(choice.get("finish_reason")):
                reasons[str(choice.get("index", index))] = clean_label(reason, most=64)
        for index, candidate in enumerate(_items(answer.get("candidates"))):
            if reason := _text(candidate.get("finishReason")):
                reasons[str(candidate.get("index", index))] = clean_label(reason, most=64)
    complete = complete or len(reasons) >= choices or status in _DONE_STATUS
    kept = tuple(reasons.values())[:_MOST_REASONS] or ((status,) if status in _DONE_STATUS else ())
    return Answered(
        model=model,
        response_id=clean_label(response_id) if response_id else None,
        finish_reasons=kept,
        status=status,
        complete=complete,
        broken=any(
            isinstance(answer.get("error"), Mapping) and "choices" not in answer for answer in answers
        ),
    )


def _stopped(answer: Mapping[str, Any]) -> object:
    """Anthropic's `stop_reason`, of a whole message or of its `message_delta`; Converse's `stopReason`."""
    stopped = answer.get("messageStop", answer)
    if isinstance(stopped, Mapping) and "stopReason" in stopped:
        return stopped["stopReason"]
    delta = answer.get("delta")
    holder = delta if answer.get("type") == "message_delta" and isinstance(delta, Mapping) else answer
    return holder.get("stop_reason")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _items(value: object) -> Iterable[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
