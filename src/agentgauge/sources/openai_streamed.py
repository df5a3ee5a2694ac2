"""Calls by `with_streaming_response`: the span ends when the caller has done with the body, not before.

OpenInference asks such a response for its parsed form at once: that reads the whole body before the caller
gets any of it, and for the asynchronous client it is a coroutine that nobody awaits. Here the response is
handed on as it is, and its bytes are looked at as they pass.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openinference.instrumentation.openai import _request as openinference
from opentelemetry.trace import Status, StatusCode

from agentgauge.guard import guarded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from agentgauge.sources.openai_client import Find

MOST_BYTES = 32 * 1024 * 1024
"""Of a body that is kept until it has been read; a longer one tells nothing."""


class _UntilRead:
    """What both clients' wrappers do otherwise than OpenInference's."""

    def __init__(self, *, tracer: Any, openai: Any, find: Find) -> None:
        super().__init__(tracer=tracer, openai=openai)  # type: ignore[call-arg]  # of the class beside this one
        self._find = find
        # They sum up a stream for attributes that are hidden, and fail loudly in an interpreter that ends.
        self._response_accumulator_factories: Mapping[type, Callable[..., Any]] = {}

    def _finalize_response(
        self, response: Any, with_span: Any, cast_to: type, request_parameters: Mapping[str, Any]
    ) -> Any:
        if not _is_streamed(response):
            finalize: Any = super()._finalize_response  # type: ignore[misc]  # as above
            return finalize(response, with_span, cast_to, request_parameters)
        ending = _Ending(with_span, response.http_response, self._find)
        with guarded("watching a response that is streamed"):
            tap(response.http_response, ending)
        return response


class Requests(_UntilRead, openinference._Request):  # noqa: SLF001  # its wrapper, but for such responses
    """Around the synchronous client's `request`."""


class AsyncRequests(_UntilRead, openinference._AsyncRequest):  # noqa: SLF001  # as above
    """Around the asynchronous client's `request`."""


def _is_streamed(response: Any) -> bool:
    """Whether it is what `with_streaming_response` gives, whose body nobody has read yet."""
    return any(base.__name__ == "BaseAPIResponse" for base in type(response).__mro__)


class _Ending:
    """Ends the span of a call once, with what has been read of the body by then."""

    def __init__(self, with_span: Any, http_response: Any, find: Find) -> None:
        self._with_span = with_span
        self._response: Callable[[], Any] = weakref.ref(http_response)
        self._find = find
        self._read = bytearray()
        self._too_long = False
        weakref.finalize(http_response, self.end).atexit = False

    def note(self, chunk: bytes) -> None:
        """Looks at a part of the body on its way to the caller."""
        if len(self._read) + len(chunk) > MOST_BYTES:
            self._too_long = True
        if not self._too_long:
            self._read += chunk

    def failed(self, error: BaseException) -> None:
        """Reading broke off."""
        self._with_span.record_exception(error)
        self.end(Status(StatusCode.ERROR))

    def end(self, status: Status | None = None) -> None:
        """The caller has done with the body."""
        if self._with_span.is_finished:
            return
        with guarded("reading a response that was streamed"):
            self._answer()
        self._with_span.finish_tracing(status=status)

    def _answer(self) -> None:
        opened = self._find(self._with_span._span.get_span_context())  # noqa: SLF001  # it has no other door
        response = self._response()
        if opened is None or opened.exchange.answers or response is None or self._too_long:
            return
        for data in _parsed(_decoded(response, bytes(self._read))):
            opened.exchange.answer(data)


def _decoded(response: Any, raw: bytes) -> str:
    plain = type(response)(200, headers=response.headers, content=raw)
    return bytes(plain.content).decode("utf-8", "replace")


def _parsed(text: str) -> Iterator[Mapping[str, Any]]:
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


def tap(response: Any, ending: _Ending) -> None:
    """Lets `ending` see the body of an HTTP response pass, and its end."""
    stream = response.stream
    kinds = [base for base in type(stream).__mro__ if base.__name__ in ("SyncByteStream", "AsyncByteStream")]
    response.stream = type("Tapped", (_Tapped, *kinds), {})(stream, ending)


class _Tapped:
    """A byte stream of either client, unchanged."""

    def __init__(self, stream: Any, ending: _Ending) -> None:
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
        try:
            self._stream.close()
        finally:
            self._ending.end()

    async def aclose(self) -> None:
        """The same, awaited."""
        try:
            await self._stream.aclose()
        finally:
            self._ending.end()
