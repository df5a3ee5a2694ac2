"""Carries agent, role and workflow from one service to the next, by W3C trace context and baggage.

`agentgauge.asgi.Middleware` and `agentgauge.wsgi.Middleware` read what comes in. What goes out by httpx,
requests or urllib is written by itself, to the hosts of the setting `propagate_to`. This pair is for all
else: another client, a queue's messages.

    headers = {}
    propagate.inject(headers)
    queue.send(body, headers=headers)

    with propagate.extract(message.headers):
        work(message)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.guard import guarded
from agentgauge.remote.inbound import Headers, remote_scope
from agentgauge.remote.outbound import headers_to_add, is_receiver

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from agentgauge.scopes.scope import Scope

__all__ = ["extract", "inject"]


def inject(headers: MutableMapping[str, str], *, url: str | None = None) -> None:
    """Writes the running scope into headers. What they have already stays; never raises.

    Args:
        headers: of the request or message, changed in place.
        url: where it goes; a host that `propagate_to` does not have gets nothing. Without a URL you have
            chosen the receiver yourself.
    """
    with guarded("writing headers"):
        if url is not None and not is_receiver(url, headers):
            return
        names = {name.lower(): name for name in headers}
        for name, value in headers_to_add(headers).items():
            headers[names.get(name, name)] = value


def extract(headers: Headers) -> Scope:
    """The scope of the caller that wrote these headers, to be used in a `with`; never raises.

    Calls inside belong to the caller's agent, role and workflow, agents opened inside stand below it, and the
    trace goes on. Headers that say nothing, or nothing that can be believed, change nothing.

    Args:
        headers: a mapping or pairs, of text or bytes.
    """
    return remote_scope(headers)
