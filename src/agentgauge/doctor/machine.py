"""What else numbers rest on: the shipped vocabularies, and the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agentgauge.doctor.finding import Finding
from agentgauge.errors import StoreError
from agentgauge.store.read import open_store
from agentgauge.tokens.vocabulary import count_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VOCABULARIES = ("o200k_base", "cl100k_base")
_AHEAD_S = 60


def vocabulary_findings() -> Iterator[Finding]:
    """Whether each vocabulary is there, is the one that tiktoken names, and counts."""
    for name in VOCABULARIES:
        facts = {"vocabulary": name}
        try:
            count_tokens("a text that is long enough to be cut into tokens", encoding=name)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with a file or with tiktoken
            todo = (
                "Reinstall: pip install --force-reinstall agentgauge tiktoken. Until then nothing is counted."
            )
            yield Finding(
                "vocabularies", "problem", f"{name} cannot be used ({error})", next=todo, facts=facts
            )
        else:
            yield Finding("vocabularies", "ok", f"{name} is there, and loads", facts=facts)


def clock_findings(path: Path | None) -> Iterator[Finding]:
    """The time here, and whether the store has calls from after it."""
    now = time.time()
    shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S")
    ahead_s = _newest_s(path) - now
    facts = {"now": shown, "store_ahead_s": max(0, round(ahead_s))}
    if ahead_s > _AHEAD_S:
        text = f"{shown} UTC, but the store has calls that ended {ahead_s:,.0f} s after that"
        todo = "The clock went back, or was ahead then: set it by NTP."
        yield Finding("clock", "problem", text, next=todo, facts=facts)
    else:
        yield Finding("clock", "ok", f"{shown} UTC", facts=facts)


def _newest_s(path: Path | None) -> float:
    if path is None:
        return 0.0
    try:
        with open_store(path) as store:
            ((newest,),) = store.query("SELECT max(end_ns) FROM calls")
    except (StoreError, OSError):
        return 0.0
    return (newest or 0) / 1e9
