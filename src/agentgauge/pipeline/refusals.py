"""Which spans can never be sent: those that OTLP cannot hold, and those that the receiver refuses."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

    from opentelemetry.sdk.trace import ReadableSpan

SENDER_THREAD, TELLER_THREAD = "agentgauge-sender", "agentgauge-teller"
_REFUSED = re.compile(r"code: (400\b|StatusCode\.INVALID_ARGUMENT)")
_heard = threading.local()


def not_from_sender(record: logging.LogRecord) -> bool:
    """A filter for the exporters' loggers: we say once what is wrong, and they nothing about what is ours.

    What they log is also the only place where they tell a span that is refused from a receiver that is away.
    """
    if record.threadName not in (SENDER_THREAD, TELLER_THREAD):
        return True
    if _REFUSED.search(record.getMessage()):
        _heard.refused = True
    return False


def forget() -> None:
    """Before an export: what was heard so far was about another one."""
    _heard.refused = False


def was_refused() -> bool:
    """Whether the receiver called the last export of this thread bad, so that it never takes it."""
    return getattr(_heard, "refused", False)


def fits_otlp(span: ReadableSpan) -> bool:
    """Whether a span can be encoded at all."""
    # Loaded with the exporter, which takes its time.
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: PLC0415

    try:
        encode_spans([span]).SerializePartialToString()
    except Exception:  # noqa: BLE001  # whatever the encoder cannot do with it
        return False
    return True
