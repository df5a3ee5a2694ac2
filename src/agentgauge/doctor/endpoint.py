"""Whether the OTLP endpoint is there and takes spans, and whether its clock and ours agree."""

from __future__ import annotations

import os
import socket
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from opentelemetry.util.re import parse_env_headers

from agentgauge.doctor.finding import Finding
from agentgauge.hosts import host_and_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentgauge.config import Settings

TOPIC = "endpoint"
WAIT_S = 3.0
MOST_SKEW_S = 60
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")


def endpoint_findings(settings: Settings, *, ask: bool) -> Iterator[Finding]:
    """What an empty request to the endpoint is answered; it is asked only with `ask`."""
    endpoint = settings.endpoint
    if endpoint is None:
        text = "none is set: calls stay in the store, and nothing is sent"
        yield Finding(TOPIC, "ok", text, facts={"endpoint": None})
    elif not ask:
        yield Finding(TOPIC, "note", f"{endpoint} was not asked (--offline)", facts={"endpoint": endpoint})
    elif settings.protocol == "grpc":
        yield _connects(endpoint)
    else:
        yield from _takes_spans(endpoint)


def _connects(endpoint: str) -> Finding:
    host, port = host_and_port(endpoint if "//" in endpoint else f"//{endpoint}")
    facts = {"endpoint": endpoint, "protocol": "grpc"}
    try:
        socket.create_connection((host, port or 4317), WAIT_S).close()
    except OSError as error:
        return _unreachable(endpoint, str(error.strerror or error))
    return Finding(TOPIC, "ok", f"{endpoint} can be reached (gRPC)", facts={**facts, "reached": True})


def _takes_spans(endpoint: str) -> Iterator[Finding]:
    whole = endpoint == os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    url = endpoint if whole else endpoint.rstrip("/") + "/v1/traces"
    said = next(filter(None, (os.environ.get(name) for name in _HEADERS)), "")
    headers = {"Content-Type": "application/x-protobuf", **parse_env_headers(said, liberal=True)}
    request = Request(url, data=b"", headers=headers)  # noqa: S310  # http(s), as the settings check
    try:
        with urlopen(request, timeout=WAIT_S) as answer:  # noqa: S310  # as above
            status, date = answer.status, answer.headers.get("Date")
    except HTTPError as error:
        status, date = error.code, error.headers.get("Date")
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        yield _unreachable(endpoint, str(getattr(reason, "strerror", None) or reason))
        return
    facts = {"endpoint": endpoint, "protocol": "http/protobuf", "reached": True, "status": status}
    if status < 300:  # noqa: PLR2004  # an HTTP success
        yield Finding(TOPIC, "ok", f"{url} takes spans", facts=facts)
    else:
        yield Finding(TOPIC, "problem", f"{url} answers {status}", next=_advice(status), facts=facts)
    yield from _skew(date)


def _advice(status: int) -> str:
    if status in (401, 403):
        return "It wants credentials: OTEL_EXPORTER_OTLP_HEADERS."
    if status in (404, 405):
        return (
            "It is no OTLP endpoint. Write its base URL, such as http://localhost:4318, without /v1/traces."
        )
    return "See the log of what receives there. Spans wait in the store meanwhile."


def _unreachable(endpoint: str, why: str) -> Finding:
    todo = "Start what receives there (`agentgauge up`), or unset the endpoint. Spans wait in the store."
    facts = {"endpoint": endpoint, "reached": False}
    return Finding(TOPIC, "problem", f"{endpoint} cannot be reached ({why})", next=todo, facts=facts)


def _skew(date: str | None) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return
    skew_s = round(time.time() - theirs)
    facts = {"skew_s": skew_s}
    if abs(skew_s) > MOST_SKEW_S:
        text = (
            f"this machine's clock is {abs(skew_s)} s {'ahead of' if skew_s > 0 else 'behind'} the endpoint's"
        )
        todo = "Set both by NTP: calls would count in the wrong hour, or as late."
        yield Finding("clock", "problem", text, next=todo, facts=facts)
    else:
        yield Finding("clock", "ok", "it agrees with the endpoint's", facts=facts)
