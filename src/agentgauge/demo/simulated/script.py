"""Rules by which a test or the demo says how the server is to behave."""

import json
import threading
from collections import defaultdict
from dataclasses import dataclass, fields
from typing import Any

from .usage_table import USAGE_FORMS

ANY_KEY = "*"
ERROR_FORMS = ("object", "string", "text")


class RuleError(ValueError):
    """A rule that the server cannot follow; says which part."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to a call endpoint: chat, completions, responses or embeddings."""

    endpoint: str
    model: str
    stream: bool
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How to answer a request. Without any field: as the model would.

    Attributes:
        endpoint, model, stream: which requests it is for; None is any.
        times: how many requests it is for; None is without end.
        delay_s: seconds before anything is sent.
        drop: close the connection in place of an answer.
        status: an HTTP error, with `retry_after_ms` and the body's form `error`: object, string or text.
        raw_body: text to send in place of an answer, with status 200.
        json_body: a JSON value to send in place of an answer, with status 200.
        answer: the text of the answer; `json_answer`: a JSON value as its text.
        tool_calls: [{"name", "arguments"}], all in one answer; [] is none.
        finish: the finish reason, such as content_filter or length.
        usage: a word of USAGE_FORMS, or the usage object itself.
        stall_after_chunks: a stream waits there until its client is gone (10 s at most).
        drop_after_chunks: a stream's connection is closed there.
        fail_after_chunks: a stream of chat or messages tells of an error there, and ends.
        polls: how often a background response is retrieved before it is completed.
    """

    endpoint: str | None = None
    model: str | None = None
    stream: bool | None = None
    times: int | None = 1
    delay_s: float = 0.0
    drop: bool = False
    status: int | None = None
    retry_after_ms: int | None = None
    error: str = "object"
    raw_body: str | None = None
    json_body: Any = None
    answer: str | None = None
    json_answer: Any = None
    tool_calls: list[dict[str, Any]] | None = None
    finish: str | None = None
    usage: Any = "table"
    stall_after_chunks: int | None = None
    drop_after_chunks: int | None = None
    fail_after_chunks: int | None = None
    polls: int = 2

    def fits(self, ask: Ask) -> bool:
        """Whether this rule is for that request."""
        return (
            self.endpoint in (None, ask.endpoint)
            and self.model in (None, ask.model)
            and self.stream in (None, ask.stream)
        )


DEFAULT = Rule()


def read_rule(value: object) -> Rule:
    """A rule from JSON.

    Raises:
        RuleError: it is no object, has an unknown field, or a word that means nothing.
    """
    if not isinstance(value, dict):
        raise RuleError(f"A rule is a JSON object, not {value!r}.")
    known = {field.name for field in fields(Rule)}
    if unknown := sorted(set(value) - known):
        raise RuleError(f"A rule has no field {unknown[0]!r}. It knows: {', '.join(sorted(known))}.")
    rule = Rule(**value)
    if rule.error not in ERROR_FORMS:
        raise RuleError(f"error is one of {', '.join(ERROR_FORMS)}, not {rule.error!r}.")
    if isinstance(rule.usage, str) and rule.usage not in USAGE_FORMS:
        raise RuleError(f"usage is an object or one of {', '.join(USAGE_FORMS)}, not {rule.usage!r}.")
    return rule


@dataclass(slots=True)
class _Queued:
    rule: Rule
    left: int | None


class Script:
    """A queue of rules per API key: a request takes the first that fits it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, list[_Queued]] = defaultdict(list)

    def load(self, value: object) -> int:
        """Appends `{"api_key", "rules", "replace"}`; returns how many rules wait for that key.

        Raises:
            RuleError: it has another shape.
        """
        if not isinstance(value, dict) or not isinstance(value.get("rules"), list):
            raise RuleError('A script is {"api_key": KEY or "*", "rules": [...], "replace": false}.')
        rules = [read_rule(rule) for rule in value["rules"]]
        with self._lock:
            queue = self._queues[str(value.get("api_key", ANY_KEY))]
            if value.get("replace"):
                queue.clear()
            queue.extend(_Queued(rule, rule.times) for rule in rules)
            return len(queue)

    def take(self, api_key: str, ask: Ask, *, header: str | None = None) -> Rule:
        """The rule for a request: its own header's, its key's next, any key's next, or the default.

        Raises:
            RuleError: the header holds no rule.
        """
        if header is not None:
            return _header_rule(header)
        with self._lock:
            for name in (api_key, ANY_KEY):
                queue = self._queues.get(name, [])
                for queued in queue:
                    if queued.rule.fits(ask):
                        if queued.left is not None:
                            queued.left -= 1
                            if queued.left <= 0:
                                queue.remove(queued)
                        return queued.rule
        return DEFAULT


def _header_rule(header: str) -> Rule:
    try:
        return read_rule(json.loads(header))
    except json.JSONDecodeError as error:
        raise RuleError(f"The rule in the header is no JSON: {error}.") from error
