"""Which client libraries our own layer sees every request of, so that nobody else need tell of them."""

from __future__ import annotations

import re

watched: set[str] = set()
"""Client libraries, by their module's name, in this process."""

_BETWEEN = re.compile(r"[._]")


def instruments_watched(scope: str) -> bool:
    """Whether spans of this scope are those of a client that is watched.

    `openinference.instrumentation.groq` is; so is `com.anthropic.sdk.python`, by which Anthropic's client
    traces itself.
    """
    return not watched.isdisjoint(_BETWEEN.split(scope))
