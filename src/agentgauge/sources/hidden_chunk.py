"""Keeps one chunk of a stream from whoever reads it: the one that tells usage, which only we asked for.

It is taken out of the bytes as they are decoded, so that the client's streams, its raw and its streaming
responses all read what they would have read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentgauge.guard import guarded

if TYPE_CHECKING:
    from agentgauge.pipeline.exchange import Exchange

_END_OF_EVENT = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')


def hide_usage(response: Any, exchange: Exchange) -> None:
    """Takes the chunk that only tells usage out of what is read of an HTTP response, of either HTTP stack."""
    response._decoder = _Hiding(response._get_content_decoder(), exchange)  # noqa: SLF001  # decodes all that is read


class _Hiding:
    """A content decoder that leaves out one server-sent event, and keeps back no other that is whole."""

    def __init__(self, decoder: Any, exchange: Exchange) -> None:
        self._decoder = decoder
        self._exchange = exchange
        self._rest = b""

    def decode(self, data: bytes) -> Any:
        """What may be read by now."""
        return self._kept(self._decoder.decode(data), last=False)

    def flush(self) -> Any:
        """What is left at the end."""
        return self._kept(self._decoder.flush(), last=True)

    def _kept(self, decoded: Any, *, last: bool) -> Any:
        """In the form that the HTTP stack gave: bytes, or several of them."""
        whole = isinstance(decoded, bytes)
        text = self._rest + (decoded if whole else b"".join(decoded))
        kept, start = [], 0
        for end in _END_OF_EVENT.finditer(text):
            kept.append(self._unless_usage(text[start : end.end()]))
            start = end.end()
        self._rest = text[start:]
        if last:
            kept.append(self._unless_usage(self._rest))
            self._rest = b""
        joined = b"".join(kept)
        return joined if whole else [joined] if joined else []

    def _unless_usage(self, event: bytes) -> bytes:
        if _NO_CHOICES.search(event) is None or b"data:" not in event:
            return event
        with guarded("reading a stream's usage"):
            said = _data_of(event)
            if isinstance(said, Mapping) and said.get("choices") == [] and said.get("usage"):
                self._exchange.hidden = said
                return b""
        return event


def _data_of(event: bytes) -> Any:
    lines = [line[5:] for line in event.splitlines() if line.startswith(b"data:")]
    try:
        return json.loads(b"\n".join(lines))
    except ValueError:
        return None
