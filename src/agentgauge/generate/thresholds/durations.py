"""Durations of thresholds.yaml, and the shortest that make sense at the Collector's pace."""

from __future__ import annotations

import os
import re

from agentgauge.generate.environment import FLUSH_INTERVAL
from agentgauge.generate.thresholds.records import LONGEST_INTERVAL

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"[1-9][0-9]*[smhd]")
_LEAST_WINDOW = "1m"


def seconds(duration: str) -> int:
    """Of `30s`, `15m`, `1h` or `7d`."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def checked_window(text: str) -> str:
    """A duration that holds several flushes; ValueError with what it must be."""
    if seconds(_checked(text)) < seconds(_LEAST_WINDOW):
        raise ValueError(f"must be at least {_LEAST_WINDOW}")
    return text


def checked_hold(text: str) -> str:
    """A duration of at least two flushes; ValueError as above."""
    if seconds(_checked(text)) < 2 * _flush_s():
        raise ValueError(f"must be at least two flushes of the Collector: {2 * _flush_s()}s")
    return text


def checked_offset(text: str) -> str:
    """A duration of at least one flush; ValueError as above."""
    if seconds(_checked(text)) < _flush_s():
        raise ValueError(f"must be at least a flush of the Collector: {_flush_s()}s")
    return text


def checked_interval(text: str) -> str:
    """A duration after which no recorded series is stale yet; ValueError as above."""
    if seconds(_checked(text)) > seconds(LONGEST_INTERVAL):
        raise ValueError(f"must be at most {LONGEST_INTERVAL}")
    return text


def _checked(text: str) -> str:
    if not _DURATION.fullmatch(text):
        raise ValueError("must be a duration such as 30s, 15m or 1h")
    return text


def _flush_s() -> int:
    flush = os.environ.get(FLUSH_INTERVAL.name, "")
    return seconds(flush if _DURATION.fullmatch(flush) else FLUSH_INTERVAL.default)
