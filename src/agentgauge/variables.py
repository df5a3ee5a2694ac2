"""Reads environment variables; what cannot be used falls back to the default and is noted, never raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.config_values import (
    FALSE,
    LEAST_EVERY_S,
    MOST_EVERY_S,
    MOST_FLUSH_S,
    PROPAGATIONS,
    TRUE,
    is_interval,
    is_limit,
    number_in,
    propagation,
)
from agentgauge.hosts import is_entry
from agentgauge.labels import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentgauge.config_values import Propagation


class Reader:
    """Reads variables; what cannot be used falls back to the default and is noted, never raised."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, *names: str) -> str | None:
        """The first variable that is set, as clean text."""
        for name in names:
            if value := clean_text(self.environ.get(name, "")).strip():
                return value
        return None

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false; what is neither is noted."""
        value = self.environ.get(name)
        if value is None:
            return default
        word = value.strip().lower()
        if word in TRUE or word in FALSE:
            return word in TRUE
        self.problems.append(f"{name}={value!r} is neither true nor false; using {str(default).lower()}.")
        return default

    def propagation(self, name: str) -> Propagation:
        """A word of `propagate_threads`."""
        value = self.environ.get(name)
        known = propagation(value) if value is not None else "threads"
        if known is None:
            words = ", ".join(PROPAGATIONS)
            self.problems.append(f"{name}={value!r} is none of {words}; using threads.")
        return known or "threads"

    def hosts(self, name: str) -> tuple[str, ...]:
        """Entries that are hosts, host:port or .domain."""
        found = [part.strip() for part in clean_text(self.environ.get(name, "")).split(",") if part.strip()]
        for part in found:
            if not is_entry(part):
                self.problems.append(f"{name}: {part!r} is no host, host:port or .domain; left out.")
        return tuple(filter(is_entry, found))

    def hosts_or_all(self, name: str) -> tuple[str, ...]:
        """The same, or `all` for every host; `off` is none."""
        word = self.environ.get(name, "").strip().lower()
        if word in FALSE:
            return ()
        return ("all",) if word in {"all", *TRUE} else self.hosts(name)

    def seconds(self, name: str, *, default: float) -> float:
        """A time within its bounds."""
        value = self.text(name)
        if value is None:
            return default
        number = number_in(value)
        if 0 <= number <= MOST_FLUSH_S:
            return number
        self.problems.append(f"{name}={value!r} is no number of seconds from 0 to 3600; using {default:g}.")
        return default

    def every_s(self, name: str, *, default: float, on: float) -> float:
        """How often; `off` and the like are 0, which is never, and `on` is as often as usual."""
        value = (self.text(name) or "").lower()
        if not value:
            return default
        if value in FALSE or (value in TRUE and value != "1"):
            return 0.0 if value in FALSE else on
        if is_interval(number := number_in(value)):
            return number
        bounds = f"from {LEAST_EVERY_S:g} to {MOST_EVERY_S:g}"
        self.problems.append(
            f"{name}={value!r} is neither off nor a number of seconds {bounds}; using {default:g}."
        )
        return default

    def more_than_zero(self, name: str, *, whole: bool = False) -> float | int | None:
        """A limit; None where there is none."""
        value = self.text(name)
        if value is None:
            return None
        try:
            number = int(value.replace("_", "")) if whole else float(value)
        except ValueError:
            number = 0
        if is_limit(number):
            return number
        self.problems.append(f"{name}={value!r} is no number of more than zero; there is no such budget.")
        return None

    def word(self, name: str, known: tuple[str, ...]) -> str:
        """One of a few words, the first of them by default."""
        value = (self.text(name) or known[0]).lower()
        if value not in known:
            self.problems.append(f"{name}={value!r} is none of {', '.join(known)}; using {known[0]}.")
        return value if value in known else known[0]

    def seconds_by_tier(self, name: str) -> dict[str, float]:
        """`tier=seconds` pairs."""
        found: dict[str, float] = {}
        for tier, text in self.pairs(name).items():
            number = number_in(text)
            if number > 0:
                found[tier] = number
            else:
                self.problems.append(f"{name}: {tier}={text!r} is no number of seconds; left out.")
        return found

    def tokens_by_model(self, name: str) -> dict[str, int]:
        """`model=tokens` pairs."""
        found: dict[str, int] = {}
        for model, text in self.pairs(name).items():
            if text.isdecimal() and int(text):
                found[model] = int(text)
            else:
                self.problems.append(f"{name}: {model}={text!r} is no number of tokens; left out.")
        return found

    def names(self, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """Some of the known names, with commas between them; all of them for `on`, none for `off`."""
        value = self.environ.get(name)
        if value is None or value.strip().lower() in TRUE:
            return known
        given = {part.strip().lower() for part in clean_text(value).split(",")} - FALSE
        if unknown := sorted(given - set(known)):
            self.problems.append(
                f"{name}: {unknown[0]!r} is unknown; left out. It may be on, off, or of {', '.join(known)}."
            )
        return tuple(word for word in known if word in given)

    def pairs(self, name: str) -> dict[str, str]:
        """`key=value` pairs; those of another form are left out."""
        found: dict[str, str] = {}
        for part in filter(None, (p.strip() for p in clean_text(self.environ.get(name, "")).split(","))):
            key, sep, value = part.partition("=")
            if sep and key.strip():
                found[key.strip()] = value.strip()
            else:
                self.problems.append(f"{name}: {part!r} is not of the form key=value; left out.")
        return found
