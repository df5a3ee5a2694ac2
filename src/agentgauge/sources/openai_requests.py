"""The OpenInference instrumentation around the client's `request`, in a way that leaves others theirs.

Its instrumentor is not used: there is one of it in a process, so that the program's own would be refused,
and its undoing would take out whatever was put on top. Its wrapper is, around the client as it is found.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from openinference.instrumentation import OITracer, TraceConfig
from openinference.instrumentation.openai.version import __version__

from agentgauge.pipeline.provider import RunningProvider
from agentgauge.sources.client_span import around_request
from agentgauge.sources.openai_stream_usage import asking
from agentgauge.sources.openai_streamed import AsyncRequests, Requests
from agentgauge.sources.openinference import INSTRUMENTATION

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from agentgauge.patches import Patches
    from agentgauge.sources.openai_client import Find


def instrument_requests(
    openai: ModuleType, patches: Patches, find: Find, watch: Callable[[type], None]
) -> None:
    """Makes a span of every request of the client, once, on whichever provider is running.

    Args:
        openai: the client's module.
        patches: what is put into it, and whether that is to work.
        find: the open call of a span, None when it is no call.
        watch: is told the class of a client before its request.
    """
    # What was said is read from the client's own exchange; on the span it would only cost time.
    config = TraceConfig(hide_inputs=True, hide_outputs=True, hide_embeddings_vectors=True)
    tracer = OITracer(RunningProvider().get_tracer(INSTRUMENTATION, __version__), config=config)
    for owner, wrapper in (
        (openai.OpenAI, Requests),
        (openai.AsyncOpenAI, AsyncRequests),
    ):
        traced = wrapper(tracer=tracer, openai=openai, find=find)
        layer = functools.partial(
            around_request,
            traced=traced,
            patches=patches,
            find=find,
            watch=watch,
            within=functools.partial(asking, find=find),
        )
        patches.put(owner, "request", layer)
