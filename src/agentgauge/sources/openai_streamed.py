"""Calls by `with_streaming_response`: the span ends when the caller has done with the body, not before.

OpenInference asks such a response for its parsed form at once: that reads the whole body before the caller
gets any of it, and for the asynchronous client it is a coroutine that nobody awaits. Here the response is
handed on as it is, and its bytes are looked at as they pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openinference.instrumentation.openai import _request as openinference

from agentgauge.guard import guarded
from agentgauge.sources.streamed_body import Ending, tap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agentgauge.sources.openai_client import Find


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
        context = with_span._span.get_span_context()  # noqa: SLF001  # it has no other door
        ending = Ending(with_span, context, response.http_response, self._find)
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
