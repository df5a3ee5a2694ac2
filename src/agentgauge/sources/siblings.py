"""OpenInference's instrumentations of other clients, started where they and their client are installed.

Each is started on our own provider, in an instance of our own: the one that a process has of each stays free
for the program, and what both put around one call counts once, as one span is inside the other. While nothing
is recorded they make no spans. Content is hidden at the source.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openinference.instrumentation import TraceConfig

from agentgauge.guard import guarded
from agentgauge.importhook import no_longer, when_imported
from agentgauge.pipeline.provider import RunningProvider
from agentgauge.sources.openai_client import call_under_way

if TYPE_CHECKING:
    from types import ModuleType

    from agentgauge.pipeline.exchange import OpenCall
    from agentgauge.sources.openai_client import Find


@dataclass(frozen=True, slots=True)
class Sibling:
    """An instrumentation of OpenInference's, and the module whose import it waits for."""

    client: str
    module: str
    instrumentor: str
    only_one: bool = False
    """Two of it on one client call each other without end: the program's own goes first, or there is ours."""


SIBLINGS = (
    Sibling("google.genai", "openinference.instrumentation.google_genai", "GoogleGenAIInstrumentor"),
    Sibling("botocore.client", "openinference.instrumentation.bedrock", "BedrockInstrumentor", only_one=True),
    Sibling("litellm", "openinference.instrumentation.litellm", "LiteLLMInstrumentor"),
)
SCOPES = frozenset(sibling.module for sibling in SIBLINGS)

_started: set[str] = set()
"""What has been put around clients of this process, where it stays."""


def installed() -> list[Sibling]:
    """The instrumentations that could be started here; nothing of a client is imported to know."""
    return [sibling for sibling in SIBLINGS if importlib.util.find_spec(sibling.module) is not None]


def start() -> None:
    """Starts each as soon as somebody imports its client."""
    for sibling in installed():
        when_imported(sibling.client, _callbacks[sibling.client])


def stop() -> None:
    """Waits for no client any more."""
    for client, callback in _callbacks.items():
        no_longer(client, callback)


def sibling_under_way(find: Find) -> OpenCall | None:
    """The call of a sibling's span that is running here."""
    opened = call_under_way(find)
    span = opened.span() if opened is not None else None
    scope = span.instrumentation_scope if span is not None else None
    return opened if scope is not None and scope.name in SCOPES else None


def _instrument(_: ModuleType, *, sibling: Sibling) -> None:
    if sibling.module in _started:
        return
    with guarded("starting an instrumentation"):
        theirs: type[Any] = getattr(importlib.import_module(sibling.module), sibling.instrumentor)
        alone = {"_instance": None, "_is_instrumented_by_opentelemetry": False, **_state_of(theirs)}
        ours = theirs() if sibling.only_one else type(theirs.__name__, (theirs,), alone)()
        if ours.is_instrumented_by_opentelemetry:
            return
        config = TraceConfig(hide_inputs=True, hide_outputs=True, hide_embeddings_vectors=True)
        ours.instrument(tracer_provider=RunningProvider(), config=config, skip_dep_check=True)
        _started.add(sibling.module)


def _state_of(theirs: type) -> dict[str, Any]:
    """What the class keeps for all of its instances, empty: LiteLLM's keeps the functions that it wraps."""
    kept = {name: value for name, value in vars(theirs).items() if isinstance(value, dict | list | set)}
    return {name: type(value)() for name, value in kept.items() if not name.startswith("__")}


_callbacks = {sibling.client: functools.partial(_instrument, sibling=sibling) for sibling in SIBLINGS}
