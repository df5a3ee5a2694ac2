"""Which model was chosen, which were passed over, and what happens when one fails.

    from agentgauge import routing

    with routing.route("mistral-7b", tier=2, bypassed=[("tinyllama", 0), ("gemma2", 1)]):
        client.chat.completions.create(model="mistral-7b", messages=messages)

    for attempt in routing.fallback([("tinyllama", 0), ("mistral-7b", 2)], apply_timeouts=True):
        with attempt:
            answer = client.chat.completions.create(model=attempt.model, messages=messages)

The choice is noted in the running scope and stands on the spans of the chosen model's calls. Nothing here
prints: `agentgauge.formats.routing_lines` has the lines.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from agentgauge.call import Route
from agentgauge.config_values import TIER_TIMEOUTS_S
from agentgauge.errors import AgentgaugeError, ConfigError
from agentgauge.labels import clean_label
from agentgauge.pipeline import runtime
from agentgauge.scopes.open import Opener
from agentgauge.scopes.scope import Opening, current

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

__all__ = ["Attempt", "Choice", "Try", "fallback", "route", "timeout_s"]

MOST_BYPASSED = 32

Candidate = tuple[str, int | str]
"""A model and its tier: a number from 0, the smallest, or a word of your own."""


@dataclass(frozen=True, slots=True)
class Try:
    """One failed try of a fallback chain; `reason` is `timed out after 30s`, or the error's type."""

    model: str
    tier: str
    reason: str
    timeout_s: float | None = None
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that was chosen, what for, those passed over, and the tries that failed before it."""

    model: str
    tier: str
    purpose: str | None = None
    bypassed: tuple[tuple[str, str], ...] = ()
    tries: tuple[Try, ...] = ()
    timeout_s: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """As a report's `routes` have it."""
        tries = [
            {name: getattr(failed, name) for name in ("model", "tier", "reason", "timeout_s", "duration_s")}
            for failed in self.tries
        ]
        return {
            "model": self.model,
            "tier": self.tier,
            "purpose": self.purpose,
            "bypassed": [{"model": model, "tier": tier} for model, tier in self.bypassed],
            "tries": tries,
            "timeout_s": self.timeout_s,
        }


def timeout_s(tier: int | str) -> float | None:
    """Seconds that a call of this tier may take by the setting `tier_timeouts_s`; None for an unknown tier.

    A number beyond the largest tier takes the largest's.
    """
    active = runtime.active()
    known = active.settings.tier_timeouts_s if active is not None else TIER_TIMEOUTS_S
    name = str(tier)
    if name in known or not name.isdigit():
        return known.get(name)
    numbered = [
        (int(key), seconds) for key, seconds in known.items() if key.isdigit() and int(key) < int(name)
    ]
    return max(numbered)[1] if numbered else None


def route(
    model: str,
    *,
    tier: int | str,
    bypassed: Iterable[Candidate] = (),
    purpose: str | None = None,
    apply_timeout: bool = False,
) -> Routed:
    """The choice of a model for the calls inside the `with`; a note of it stays in the running scope.

    Args:
        model: as the calls will name it; calls of other models inside are not marked.
        tier: a number from 0, the smallest, or a word.
        bypassed: models with their tiers that were passed over; at most 32 are kept.
        purpose: what the model is for: planning, code_generation …
        apply_timeout: give the client's calls the tier's time-out, unless a call brings its own. It holds
            for each HTTP attempt, and each read of a stream, as the client's own time-out does.
    """
    return Routed(_choice((model, tier), bypassed, purpose, (), apply_timeout=apply_timeout))


class Routed(AbstractContextManager["Choice"]):
    """What `route` returns."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        shown = tuple(f"{model} ({tier})" for model, tier in choice.bypassed)
        self._opener = Opener(
            # A role's kind of scope: it has no span of its own and only says what is true of calls inside.
            Opening(
                "role",
                choice.model,
                f"route {choice.model}",
                origin={"route": Route(choice.model, choice.tier, shown, choice.timeout_s)},
            )
        )

    def __enter__(self) -> Choice:
        current().note_route(self.choice.to_dict())
        self._opener.__enter__()
        return self.choice

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opener.__exit__(kind, error, trace)


def fallback(
    candidates: Sequence[Candidate],
    *,
    bypassed: Iterable[Candidate] = (),
    purpose: str | None = None,
    apply_timeouts: bool = False,
) -> Iterator[Attempt]:
    """Tries one model after the other until a `with attempt` ends well; the last one's error is raised.

    Args:
        candidates: models with their tiers, in the order in which they are tried.
        bypassed: models that were passed over altogether.
        purpose: what the model is for.
        apply_timeouts: give each try the time-out of its tier, as `route` does.

    Raises:
        ConfigError: there are no candidates.
    """
    if not candidates:
        raise ConfigError('routing.fallback needs candidates, e.g. [("small-model", 0), ("large-model", 2)].')
    passed_over, tries = tuple(bypassed), list[Try]()
    for number, candidate in enumerate(candidates, start=1):
        choice = _choice(candidate, passed_over, purpose, tries, apply_timeout=apply_timeouts)
        attempt = Attempt(choice, last=number == len(candidates))
        yield attempt
        if attempt.failed is None:
            return
        tries.append(attempt.failed)


@dataclass(slots=True)
class Attempt:
    """One try of a chain; the `with` takes in its error unless it is the last, or none of a model's.

    Attributes:
        choice: the model, and what failed before it.
        last: no candidate follows.
        failed: how it failed; None before it ends, and when it went well.
    """

    choice: Choice
    last: bool
    failed: Try | None = None
    _routed: Routed | None = None
    _started_s: float = field(default=0.0)

    @property
    def model(self) -> str:
        """The model to ask."""
        return self.choice.model

    @property
    def timeout_s(self) -> float | None:
        """Seconds of its tier, to be passed to the call where they are not applied by themselves."""
        return self.choice.timeout_s or timeout_s(self.choice.tier)

    def __enter__(self) -> Self:
        self._started_s = time.monotonic()
        self._routed = Routed(self.choice)
        self._routed.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        assert self._routed is not None
        self._routed.__exit__(kind, error, trace)
        # A spent budget stops the next model as well, and whatever is no Exception ends the program.
        if not isinstance(error, Exception) or isinstance(error, AgentgaugeError):
            return False
        lasted_s = time.monotonic() - self._started_s
        reason = _reason(error, self.choice.timeout_s, lasted_s)
        self.failed = Try(self.choice.model, self.choice.tier, reason, self.choice.timeout_s, lasted_s)
        if self.last:
            current().note_route({**self.choice.to_dict(), "model": None, "tries": _all(self)})
        return not self.last


def _all(attempt: Attempt) -> list[dict[str, Any]]:
    assert attempt.failed is not None
    tries = (*attempt.choice.tries, attempt.failed)
    found: list[dict[str, Any]] = Choice("", "", tries=tries).to_dict()["tries"]
    return found


def _choice(
    chosen: Candidate,
    bypassed: Iterable[Candidate],
    purpose: str | None,
    tries: Iterable[Try],
    *,
    apply_timeout: bool,
) -> Choice:
    model, tier = chosen
    kept = tuple((clean_label(name), clean_label(of, most=64)) for name, of in list(bypassed)[:MOST_BYPASSED])
    return Choice(
        model=clean_label(model),
        tier=clean_label(tier, most=64),
        purpose=clean_label(purpose) if purpose is not None else None,
        bypassed=kept,
        tries=tuple(tries),
        timeout_s=timeout_s(tier) if apply_timeout else None,
    )


def _reason(error: Exception, limit_s: float | None, lasted_s: float) -> str:
    """In words without the error's own text, which can carry content."""
    if any("Timeout" in kind.__name__ for kind in type(error).__mro__):
        after_s = limit_s if limit_s is not None else lasted_s
        return f"timed out after {after_s:.{0 if after_s >= 1 else 1}f}s"
    status = getattr(error, "status_code", None)
    name = type(error).__name__
    return f"{name} {status}" if isinstance(status, int) else name
