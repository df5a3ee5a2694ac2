"""Asks the services of the stack over HTTP, without any proxy."""

from __future__ import annotations

from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

_TIMEOUT_S = 5.0
_OK = 200


def get(url: str) -> tuple[int, str]:
    """Status and body; status 0 when nobody answers."""
    direct = build_opener(ProxyHandler({}))  # no proxy knows this machine's own ports
    try:
        with direct.open(url, timeout=_TIMEOUT_S) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (OSError, HTTPException):
        return 0, ""


def is_ready(url: str) -> bool:
    """Whether it answers 200."""
    return get(url)[0] == _OK


def metric(url: str, name: str) -> float | None:
    """One value, without labels, of a service's own metrics page."""
    for line in get(url)[1].splitlines():
        words = line.split()
        if words[:1] == [name]:
            return float(words[1])
    return None
