"""The server's own ledger: what it told its clients, by API key and by model."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """Sums over the requests of one API key or model.

    `requests` are HTTP requests to a call endpoint, failed ones included; `answered` those that got a
    model's answer, or its beginning; `polls` are retrievals of background responses, which are neither.
    Tokens are those told in a usage. `unusable_usage` counts usages in which some count was no whole number
    from 0 up: such a count is told, and in no sum.
    """

    requests: int = 0
    answered: int = 0
    polls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int | None = None
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    unusable_usage: int = 0
    statuses: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What one usage said."""

    input: int = 0
    output: int = 0
    reasoning: int | None = None
    cached: int = 0
    written: int = 0
    unusable: bool = False


@dataclass(slots=True, eq=False)
class Entry:
    """One request in the books; `told` is the last usage that its client was told."""

    api_key: str
    model: str
    told: Told = field(default_factory=Told)


class Books:
    """Safe to use from every thread of the server."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._by_model: dict[tuple[str, str], Counts] = {}

    def open(self, *, api_key: str, model: str) -> Entry:
        """Books a request when it arrives."""
        with self._lock:
            self._counts(api_key, model).requests += 1
        return Entry(api_key, model)

    def status(self, entry: Entry, status: str, *, answered: bool = False) -> None:
        """Books how a request was answered: an HTTP status, or `dropped`."""
        with self._lock:
            counts = self._counts(entry.api_key, entry.model)
            counts.statuses[status] = counts.statuses.get(status, 0) + 1
            counts.answered += answered

    def poll(self, entry: Entry) -> None:
        """Books a retrieval of a background response."""
        with self._lock:
            self._counts(entry.api_key, entry.model).polls += 1

    @contextmanager
    def telling(self, entry: Entry, usage: object) -> Iterator[None]:
        """Books a usage while the block writes it; what could not be written was not told.

        It is booked before the write, so that a client which has read it finds it here. A later usage of
        the same answer takes the place of an earlier one: streams tell running sums.
        """
        before = entry.told
        self._replace(entry, read_usage(usage))
        try:
            yield
        except OSError:
            self._replace(entry, before)
            raise

    def to_dict(self) -> dict[str, Any]:
        """The books as JSON: totals, then the same by API key, and there by model."""
        with self._lock:
            keys = dict.fromkeys(key for key, _ in self._by_model)
            by_key = {
                key: asdict(_sum([c for (k, _), c in self._by_model.items() if k == key]))
                | {"by_model": {m: asdict(c) for (k, m), c in self._by_model.items() if k == key}}
                for key in keys
            }
            total = asdict(_sum(list(self._by_model.values())))
        return {"seed": self._seed, **total, "by_api_key": by_key}

    def _counts(self, api_key: str, model: str) -> Counts:
        return self._by_model.setdefault((api_key, model), Counts())

    def _replace(self, entry: Entry, now: Told) -> None:
        before, entry.told = entry.told, now
        with self._lock:
            counts = self._counts(entry.api_key, entry.model)
            counts.input_tokens += now.input - before.input
            counts.output_tokens += now.output - before.output
            counts.cache_read_tokens += now.cached - before.cached
            counts.cache_write_tokens += now.written - before.written
            counts.unusable_usage += now.unusable - before.unusable
            if now.reasoning is not None or before.reasoning is not None:
                change = (now.reasoning or 0) - (before.reasoning or 0)
                counts.reasoning_tokens = (counts.reasoning_tokens or 0) + change


def read_usage(usage: object) -> Told:
    """What a usage object says, of any endpoint."""
    if not isinstance(usage, dict):
        return Told(unusable=usage is not None)
    written = usage.get("completion_tokens_details", usage.get("output_tokens_details"))
    given = usage.get("prompt_tokens_details", usage.get("input_tokens_details"))
    said = (
        usage.get("prompt_tokens", usage.get("input_tokens")),
        usage.get("completion_tokens", usage.get("output_tokens")),
        written.get("reasoning_tokens") if isinstance(written, dict) else None,
        given.get("cached_tokens") if isinstance(given, dict) else None,
    )
    counts = [count if type(count) is int and count >= 0 else None for count in said]
    unusable = any(count is None and told is not None for count, told in zip(counts, said, strict=True))
    apart = [_apart(usage, name) for name in ("cache_read_input_tokens", "cache_creation_input_tokens")]
    given_in_all = (counts[0] or 0) + sum(apart)
    cached = (counts[3] or 0) + apart[0]
    return Told(given_in_all, counts[1] or 0, counts[2], cached, apart[1], unusable)


def _apart(usage: dict[str, Any], name: str) -> int:
    """Cached tokens as Anthropic tells them, beside the input and not in it."""
    count = usage.get(name)
    return count if type(count) is int and count >= 0 else 0


def _sum(parts: list[Counts]) -> Counts:
    total = Counts()
    for part in parts:
        total.requests += part.requests
        total.answered += part.answered
        total.polls += part.polls
        total.input_tokens += part.input_tokens
        total.output_tokens += part.output_tokens
        total.cache_read_tokens += part.cache_read_tokens
        total.cache_write_tokens += part.cache_write_tokens
        total.unusable_usage += part.unusable_usage
        if part.reasoning_tokens is not None:
            total.reasoning_tokens = (total.reasoning_tokens or 0) + part.reasoning_tokens
        for status, number in part.statuses.items():
            total.statuses[status] = total.statuses.get(status, 0) + number
    return total
