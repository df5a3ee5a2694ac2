"""Writes who is calling into the headers of a request that goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import context as otel_context
from opentelemetry import trace

from agentgauge import ledger, pricing
from agentgauge.hosts import host_and_port, hosts_of
from agentgauge.pipeline import runtime
from agentgauge.remote.members import members_of, merged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentgauge.config import Settings

BAGGAGE = "baggage"
_OF_A_MODEL_CLIENT = "x-stainless-lang"
"""The clients of OpenAI, Anthropic and others that Stainless makes send this with every request."""


def is_receiver(url: str, headers: Mapping[str, str] | None = None) -> bool:
    """Whether a request to this URL may say who is calling: the list has its host, and it serves no model."""
    active = runtime.active()
    if active is None or not active.settings.propagate_to:
        return False
    host, port = host_and_port(url)
    if not host or not hosts_of(tuple(active.settings.propagate_to)).hold(host, port):
        return False
    if headers is not None and any(name.lower() == _OF_A_MODEL_CLIENT for name in headers):
        return False
    return not (_serves_models(active.settings, host, port, url) or _suppressed())


def _serves_models(settings: Settings, host: str, port: int | None, url: str) -> bool:
    named = {name: provider for name, provider in settings.providers.items() if name != "*"}
    path = url.partition("//")[2].partition("/")[2]
    return pricing.provider_of(host, port, f"/{path}", providers=named) is not None


def _suppressed() -> bool:
    """Whether instrumentations are to leave this context alone, as exporters ask for their own requests.

    The key for HTTP alone is not asked: instrumentations of requests set it round what they trace.
    """
    return bool(otel_context.get_value(otel_context._SUPPRESS_INSTRUMENTATION_KEY))  # noqa: SLF001  # the standard's


def members() -> dict[str, str]:
    """The running scope's members; none before `init`, or where OTEL_PROPAGATORS leaves baggage out."""
    from opentelemetry.propagate import get_global_textmap  # noqa: PLC0415  # it reads OTEL_PROPAGATORS

    if runtime.active() is None or BAGGAGE not in get_global_textmap().fields:
        return {}
    return members_of(ledger.current().origin)


def headers_to_add(present: Mapping[str, str]) -> dict[str, str]:
    """The headers that a request needs besides those `present`; they replace those of the same name.

    A trace context that somebody has written stays, and so do the members of others in its baggage.
    """
    from opentelemetry.propagate import get_global_textmap  # noqa: PLC0415

    if runtime.active() is None:
        return {}
    propagator = get_global_textmap()
    there = {name.lower(): value for name, value in present.items()}
    added: dict[str, str] = {}
    if not (propagator.fields - {BAGGAGE}) & there.keys():
        only_span = trace.set_span_in_context(trace.get_current_span(), otel_context.Context())
        propagator.inject(added, only_span)
    if (ours := members()) or BAGGAGE in there:
        text = merged(there.get(BAGGAGE, ""), ours)
        if text and text != there.get(BAGGAGE):
            added[BAGGAGE] = text
    return added
