"""Sources of other packages: the entry points of the group `agentgauge.sources`.

An entry point names a function that takes a `Setup` and returns a `Source`, or None where an
instrumentation that it starts writes GenAI's or OpenInference's words. docs/sources.md has an example.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentgauge.labels import clean_label
from agentgauge.pipeline.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import TracerProvider

    from agentgauge.pipeline.exchange import OpenCall
    from agentgauge.pipeline.processor import Source
    from agentgauge.pipeline.reading import ProviderOf

GROUP = "agentgauge.sources"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a source of another package may use.

    Attributes:
        tracer_provider: ours; spans on it are read, and go to nobody but our store and endpoint.
        provider_of: (host, port, path) -> provider name, None when it is not known.
        warn: takes a code and a message, for the log and the report, each once.
    """

    tracer_provider: TracerProvider
    provider_of: ProviderOf
    warn: Callable[[str, str], None]


def load(setup: Setup) -> tuple[Source, ...]:
    """The sources of all packages installed here; one that fails is told of once, and left out."""
    found: list[Source] = []
    for entry in importlib.metadata.entry_points(group=GROUP):
        name = clean_label(entry.name)
        try:
            source = entry.load()(setup)
        except Exception as error:  # noqa: BLE001  # it is not ours, and may raise anything
            setup.warn("source", _failed(name, error))
            continue
        if source is not None:
            found.append(_Held(source, name, setup))
    return tuple(found)


def _failed(name: str, error: Exception) -> str:
    # The message of a foreign error can carry content, so only its type is told.
    return f"The source {name!r} failed ({type(error).__name__}) and is not used. Is its package up to date?"


class _Held:
    """A source that is not asked again once it has failed."""

    def __init__(self, source: Source, name: str, setup: Setup) -> None:
        self._source: Source | None = source
        self._name = name
        self._warn = setup.warn
        self.of_frameworks = bool(getattr(source, "of_frameworks", True))

    def claims(self, span: ReadableSpan) -> bool:
        """As the source says."""
        try:
            return self._source is not None and bool(self._source.claims(span))
        except Exception as error:  # noqa: BLE001  # as above
            self._give_up(error)
            return False

    def read(self, span: ReadableSpan, opened: OpenCall) -> Reading:
        """As the source says; no call where it fails."""
        try:
            if self._source is not None:
                return self._source.read(span, opened)
        except Exception as error:  # noqa: BLE001  # as above
            self._give_up(error)
        return Reading(foreign=True)

    def _give_up(self, error: Exception) -> None:
        self._source = None
        self._warn("source", _failed(self._name, error))
