"""The part of a caller's scope that its callee can see: whose the calls are that are made here for it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opentelemetry import baggage
from opentelemetry import context as otel_context

from agentgauge import ledger
from agentgauge.ledger import Account
from agentgauge.remote.members import KEYS
from agentgauge.scopes.scope import Opening, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.context import Context


class RemoteScope(Scope):
    """What a request that came in says about its caller.

    Calls made inside, outside any agent of this process, belong to the caller's agent; agents opened inside
    stand below it. It has no span: that one is in the caller's process. Its `usage` is what this process
    used for the request, and the caller's own `.usage` does not have it.
    """

    def __init__(self, said: Mapping[str, Any], *, around: Context) -> None:
        parent = ledger.current(around)
        origin = replace(parent.origin, **said)
        self.kind, self.name = "remote", origin.agent
        self.opening = Opening("remote", self.name, None)
        self._account = Account(parent=parent, origin=origin, owner=self, closes=True)
        self._span_name = ""
        self._details, self._events = {}, []
        self._start_ns = time.time_ns()
        self._span = None
        self._context = ledger.with_account(self._account, without_members(around))
        self._attached = []


def without_members(context: Context) -> Context:
    """The context without our members in its baggage.

    An instrumentation of the user's that has read the request puts all of its baggage there, and sends it
    on with every request that this process makes, to whichever host.
    """
    for key in KEYS.keys() & baggage.get_all(context).keys():
        context = baggage.remove_baggage(key, context)
    return context


def with_members(members: Mapping[str, str], context: Context | None = None) -> Context:
    """A context that an instrumentation of the user's would propagate our members from."""
    context = otel_context.get_current() if context is None else context
    for key, name in members.items():
        context = baggage.set_baggage(key, name, context)
    return context
