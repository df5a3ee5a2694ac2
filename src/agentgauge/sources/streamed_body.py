"""Follows the body of an HTTP response as the caller reads it, and tells when he has done with it."""

from __future__ import annotations

import functools
import json
import sys
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from opentelemetry.trace import Status, StatusCode

from agentgauge.guard import guarded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from opentelemetry.trace import SpanContext

    from agentgauge.sources.openai_client import Find

MOST_BYTES = 32 * 1024 * 1024
"""Of a body that is kept until it has been read; a longer one tells nothing."""

_CLIENTS = {"openai", "anthropic", "groq", "httpx", "httpx2"}


class Ends(Protocol):
    """The span of a call that is under way."""

    def record_exception(self, exception: BaseException) -> None:
        """Notes what went wrong."""

    def finish_tracing(self, status: Status | None = None) -> None:
        """Ends the span, unless it has ended."""


class KeptBody:
    """What has been read of a body, as it came over the wire, and the way to decode it."""

    def __init__(self, http_response: Any) -> None:
        # The response itself may be gone at the end, where nobody closed it.
        kind: Callable[..., Any] = type(http_response)
        self._decoding = functools.partial(kind, 200, headers=http_response.headers)
        self._read = bytearray()
        self.too_long = False

    def note(self, chunk: bytes) -> None:
        """Keeps a part of the body on its way to the caller."""
        if len(self._read) + len(chunk) > MOST_BYTES:
            self.too_long = True
        if not self.too_long:
            self._read += chunk

    def __contains__(self, word: bytes) -> bool:
        return word in self._read

    def answers(self) -> Iterator[Mapping[str, Any]]:
        """What came whole: one body, or a stream's events; nothing of one that is too long."""
        if self.too_long:
            return iter(())
        return parsed(bytes(self._decoding(content=bytes(self._read)).content).decode("utf-8", "replace"))


class Ending:
    """Ends the span of a call once, with what has been read of the body by then."""

    def __init__(self, with_span: Ends, context: SpanContext, http_response: Any, find: Find) -> None:
        self._with_span = with_span
        self._context = context
        self._ended = False
        self._kept = KeptBody(http_response)
        self._find = find
        weakref.finalize(http_response, self.end).atexit = False

    def note(self, chunk: bytes) -> None:
        """Looks at a part of the body on its way to the caller."""
        self._kept.note(chunk)

    def failed(self, error: BaseException) -> None:
        """Reading broke off."""
        if self._ended:
            return
        self._with_span.record_exception(error)
        self.end(Status(StatusCode.ERROR))

    def end(self, status: Status | None = None) -> None:
        """The caller has done with the body."""
        if self._ended:
            return
        self._ended = True
        with guarded("reading a response that was streamed"):
            self._answer()
        self._with_span.finish_tracing(status=status)

    def _answer(self) -> None:
        opened = self._find(self._context)
        if opened is None or self._kept.too_long:
            return
        seen = bool(opened.exchange.answers)  # by the client, which keeps an error among the events to itself
        if seen and b'"error"' not in self._kept:
            return
        for data in self._kept.answers():
            if not seen or isinstance(data.get("error"), Mapping):
                opened.exchange.answer(data)


def parsed(text: str) -> Iterator[Mapping[str, Any]]:
    """One body, or the events of a stream as far as they came whole."""
    stripped = text.lstrip()
    whole = stripped.startswith("{")
    lines = [stripped] if whole else [line[5:] for line in text.splitlines() if line.startswith("data:")]
    for line in lines:
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, Mapping):
            yield data


class Reader(Protocol):
    """Looks at a body while the caller reads it."""

    def note(self, chunk: bytes) -> None:
        """A part of it, on its way to the caller."""

    def failed(self, error: BaseException) -> None:
        """Reading broke off."""

    def end(self, status: Status | None = None) -> None:
        """The caller has done with the body."""


def tap(response: Any, ending: Reader) -> None:
    """Lets `ending` see the body of an HTTP response pass, and its end."""
    stream = response.stream
    kinds = [base for base in type(stream).__mro__ if base.__name__ in ("SyncByteStream", "AsyncByteStream")]
    response.stream = type("Tapped", (_Tapped, *kinds), {})(stream, ending)


class _Tapped:
    """A byte stream of either client, unchanged."""

    def __init__(self, stream: Any, ending: Reader) -> None:
        self._stream = stream
        self._ending = ending

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._stream:
                self._ending.note(chunk)
                yield chunk
        except Exception as error:
            self._ending.failed(error)
            raise
        self._ending.end(Status(StatusCode.OK))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                self._ending.note(chunk)
                yield chunk
        except Exception as error:
            self._ending.failed(error)
            raise
        self._ending.end(Status(StatusCode.OK))

    def close(self) -> None:
        """The caller closes the response, read or not."""
        self._note_failure()
        try:
            self._stream.close()
        finally:
            self._ending.end()

    async def aclose(self) -> None:
        """The same, awaited."""
        self._note_failure()
        try:
            await self._stream.aclose()
        finally:
            self._ending.end()

    def _note_failure(self) -> None:
        """A client that finds an error among the events closes the body on its way out."""
        error = sys.exception()
        if isinstance(error, Exception) and type(error).__module__.partition(".")[0] in _CLIENTS:
            self._ending.failed(error)
