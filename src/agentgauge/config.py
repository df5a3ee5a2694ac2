"""Settings: from arguments, AGENTGAUGE_* and the standard OTEL_* variables, in that order."""

from __future__ import annotations

import importlib.util
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from agentgauge.errors import ConfigError
from agentgauge.hosts import is_entry
from agentgauge.labels import clean_text

PROTOCOLS = ("http/protobuf", "grpc")
Propagation = Literal["off", "tasks", "threads", "all"]
_PROPAGATIONS: tuple[Propagation, ...] = ("off", "tasks", "threads", "all")
DEFAULT_STORE = "agentgauge/store.sqlite"
_FALSE = {"0", "false", "no", "off", ""}
_TRUE = {"1", "true", "yes", "on"}
_MOST_FLUSH_S = 3600
_MOST_BUDGET = 1e15
_ACTIONS = ("raise", "warn")
TIER_TIMEOUTS_S: Mapping[str, float] = {"0": 60.0, "1": 90.0, "2": 120.0, "3": 180.0, "4": 240.0}
"""What a call to a model of each tier may take, from the smallest models to the largest."""
_TEXTS = ("service_name", "environment", "release", "endpoint", "protocol")
_MAPPINGS = ("providers", "resource_attributes")
_FLAGS = ("instrument", "set_global", "forward_spans", "library_roles", "disabled")
_FORMS = {
    **dict.fromkeys(_TEXTS, "a string"),
    "service_name": "a non-empty string",
    **dict.fromkeys(_MAPPINGS, "a mapping of strings to strings"),
    **dict.fromkeys(_FLAGS, "True or False"),
    "propagate_to": 'a list of hosts such as ["planner.corp", "planner.corp:8080", ".corp"]',
    "store": 'a path, or "off"',
    "prices": "a path",
    "budget_usd": "a number of more than zero",
    "budget_tokens": "a number of more than zero",
    "budget_action": "one of raise, warn",
    "propagate_threads": f"True, False, or one of {', '.join(_PROPAGATIONS)}",
    "flush_timeout_s": f"a number of seconds from 0 to {_MOST_FLUSH_S}",
    "tier_timeouts_s": "a mapping of tiers (strings) to seconds of more than 0",
}


def default_store() -> Path:
    """The store in the XDG data folder."""
    base = os.environ.get("XDG_DATA_HOME") or ""
    root = Path(base) if base.startswith("/") else Path.home() / ".local" / "share"
    return root / DEFAULT_STORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that `init` can be told. Units are in the names.

    Attributes:
        service_name: `service.name` of all telemetry; OTEL_SERVICE_NAME, AGENTGAUGE_SERVICE.
        environment: `deployment.environment.name`; AGENTGAUGE_ENVIRONMENT or OTEL_RESOURCE_ATTRIBUTES.
        release: `service.version`; AGENTGAUGE_RELEASE or OTEL_RESOURCE_ATTRIBUTES.
        store: the SQLite file, None for none; AGENTGAUGE_STORE (a path, or `off`).
        endpoint: where spans go by OTLP, None for nowhere; OTEL_EXPORTER_OTLP_[TRACES_]ENDPOINT.
        protocol: http/protobuf, or grpc with the extra; OTEL_EXPORTER_OTLP_[TRACES_]PROTOCOL.
        providers: host or host:port -> provider name, for servers that a public price list does not know;
            AGENTGAUGE_PROVIDERS ("localhost:8000=openai,llm.corp=azure").
        prices: a TOML file with prices of your own (form: `agentgauge.price_file`); AGENTGAUGE_PRICES.
        budget_usd: what this process may spend, see `budget`; AGENTGAUGE_BUDGET_USD.
        budget_tokens: the same in input + output tokens; AGENTGAUGE_BUDGET_TOKENS.
        budget_action: raise (`BudgetExceeded`, from the call that may not leave) or warn;
            AGENTGAUGE_BUDGET_ACTION.
        propagate_to: hosts of services of yours that are told, by trace context and baggage, which agent and
            workflow calls them; AGENTGAUGE_PROPAGATE_TO ("researcher.corp:8080,.agents.corp").
        library_roles: a call from inside a library has the library's name as role where nobody set one;
            AGENTGAUGE_LIBRARY_ROLES.
        instrument: start the OpenAI instrumentation; AGENTGAUGE_INSTRUMENT.
        set_global: become OpenTelemetry's global provider where there is none; AGENTGAUGE_SET_GLOBAL.
        forward_spans: pass spans, without content, to a provider that was there; AGENTGAUGE_FORWARD_SPANS.
        propagate_threads: what takes the open scope along: `tasks` of pools alone; `threads` (non-daemon)
            and processes that are started as well; `all`, daemon threads too; `off`. True is `threads`,
            False `off`; AGENTGAUGE_PROPAGATE_THREADS.
        flush_timeout_s: the longest that exit or `shutdown()` may take; AGENTGAUGE_FLUSH_TIMEOUT.
        tier_timeouts_s: tier -> seconds, for calls whose route asks for it (`agentgauge.routing`);
            AGENTGAUGE_TIER_TIMEOUTS ("0=30,large=300") changes single tiers.
        disabled: switches all off; OTEL_SDK_DISABLED.
        resource_attributes: further resource attributes; OTEL_RESOURCE_ATTRIBUTES.
        problems: settings that could not be used, one line each; they are logged once and reported.
    """

    service_name: str = "unknown_service"
    environment: str | None = None
    release: str | None = None
    store: Path | None = field(default_factory=default_store)
    endpoint: str | None = None
    protocol: str = "http/protobuf"
    providers: Mapping[str, str] = field(default_factory=dict)
    prices: Path | None = None
    budget_usd: float | None = None
    budget_tokens: int | None = None
    budget_action: Literal["raise", "warn"] = "raise"
    propagate_to: Sequence[str] = ()
    library_roles: bool = True
    instrument: bool = True
    set_global: bool = True
    forward_spans: bool = True
    propagate_threads: bool | Propagation = "threads"
    flush_timeout_s: float = 5.0
    tier_timeouts_s: Mapping[str, float] = field(default_factory=lambda: TIER_TIMEOUTS_S)
    disabled: bool = False
    resource_attributes: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def store_path(value: str | os.PathLike[str] | None = None) -> Path | None:
    """The store's file: the argument, AGENTGAUGE_STORE, or the default; None when it is `off`."""
    raw = os.fspath(value) if value is not None else os.environ.get("AGENTGAUGE_STORE", "")
    if raw.strip().lower() == "off":
        return None
    return Path(raw).expanduser() if raw.strip() else default_store()


def _is_limit(number: float) -> bool:
    return 0 < number <= _MOST_BUDGET  # infinity is no limit, and NaN is no number


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None


def propagation(value: object) -> Propagation | None:
    """What a setting of `propagate_threads` means; None for a word that is none of them."""
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return "threads" if word in _TRUE else "off"
    return next((known for known in _PROPAGATIONS if known == word), None)


class _Reader:
    """Reads variables; what cannot be used falls back to the default and is noted, never raised."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def text(self, *names: str) -> str | None:
        for name in names:
            if value := clean_text(self.environ.get(name, "")).strip():
                return value
        return None

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.environ.get(name)
        if value is None:
            return default
        word = value.strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        self.problems.append(f"{name}={value!r} is neither true nor false; using {str(default).lower()}.")
        return default

    def propagation(self, name: str) -> Propagation:
        value = self.environ.get(name)
        known = propagation(value) if value is not None else "threads"
        if known is None:
            words = ", ".join(_PROPAGATIONS)
            self.problems.append(f"{name}={value!r} is none of {words}; using threads.")
        return known or "threads"

    def hosts(self, name: str) -> tuple[str, ...]:
        found = [part.strip() for part in clean_text(self.environ.get(name, "")).split(",") if part.strip()]
        for part in found:
            if not is_entry(part):
                self.problems.append(f"{name}: {part!r} is no host, host:port or .domain; left out.")
        return tuple(filter(is_entry, found))

    def seconds(self, name: str, *, default: float) -> float:
        value = self.text(name)
        if value is None:
            return default
        number = _number(value)
        if 0 <= number <= _MOST_FLUSH_S:
            return number
        self.problems.append(f"{name}={value!r} is no number of seconds from 0 to 3600; using {default:g}.")
        return default

    def more_than_zero(self, name: str, *, whole: bool = False) -> float | int | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            number = int(value.replace("_", "")) if whole else float(value)
        except ValueError:
            number = 0
        if _is_limit(number):
            return number
        self.problems.append(f"{name}={value!r} is no number of more than zero; there is no such budget.")
        return None

    def word(self, name: str, known: tuple[str, ...]) -> str:
        value = (self.text(name) or known[0]).lower()
        if value not in known:
            self.problems.append(f"{name}={value!r} is none of {', '.join(known)}; using {known[0]}.")
        return value if value in known else known[0]

    def seconds_by_tier(self, name: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for tier, text in self.pairs(name).items():
            number = _number(text)
            if number > 0:
                found[tier] = number
            else:
                self.problems.append(f"{name}: {tier}={text!r} is no number of seconds; left out.")
        return found

    def pairs(self, name: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in filter(None, (p.strip() for p in clean_text(self.environ.get(name, "")).split(","))):
            key, sep, value = part.partition("=")
            if sep and key.strip():
                found[key.strip()] = value.strip()
            else:
                self.problems.append(f"{name}: {part!r} is not of the form key=value; left out.")
        return found


def _number(text: str) -> float:
    """The finite number that a text is, -1 when it is none."""
    try:
        number = float(text)
    except ValueError:
        return -1.0
    return number if math.isfinite(number) else -1.0


def read_settings(environ: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Settings from arguments first, then the environment.

    Args:
        environ: the variables; the process's own when None.
        **given: any field of `Settings`; None means not given.

    Raises:
        ConfigError: an argument's name is unknown or its value has the wrong type. Bad variables never
            raise: they are in `problems`.
    """
    read = _Reader(os.environ if environ is None else environ)
    resource = read.pairs("OTEL_RESOURCE_ATTRIBUTES")
    values: dict[str, object] = {
        "service_name": read.text("AGENTGAUGE_SERVICE", "OTEL_SERVICE_NAME")
        or resource.get("service.name")
        or "unknown_service",
        "environment": read.text("AGENTGAUGE_ENVIRONMENT")
        or resource.get("deployment.environment.name")
        or resource.get("deployment.environment"),
        "release": read.text("AGENTGAUGE_RELEASE") or resource.get("service.version"),
        "store": store_path(read.environ.get("AGENTGAUGE_STORE") or ""),
        "endpoint": read.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        "protocol": read.text("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
        or "http/protobuf",
        "providers": read.pairs("AGENTGAUGE_PROVIDERS"),
        "prices": _path(read.text("AGENTGAUGE_PRICES")),
        "budget_usd": read.more_than_zero("AGENTGAUGE_BUDGET_USD"),
        "budget_tokens": read.more_than_zero("AGENTGAUGE_BUDGET_TOKENS", whole=True),
        "budget_action": read.word("AGENTGAUGE_BUDGET_ACTION", _ACTIONS),
        "propagate_to": read.hosts("AGENTGAUGE_PROPAGATE_TO"),
        "library_roles": read.flag("AGENTGAUGE_LIBRARY_ROLES", default=True),
        "instrument": read.flag("AGENTGAUGE_INSTRUMENT", default=True),
        "set_global": read.flag("AGENTGAUGE_SET_GLOBAL", default=True),
        "forward_spans": read.flag("AGENTGAUGE_FORWARD_SPANS", default=True),
        "propagate_threads": read.propagation("AGENTGAUGE_PROPAGATE_THREADS"),
        "flush_timeout_s": read.seconds("AGENTGAUGE_FLUSH_TIMEOUT", default=5.0),
        "tier_timeouts_s": {**TIER_TIMEOUTS_S, **read.seconds_by_tier("AGENTGAUGE_TIER_TIMEOUTS")},
        "disabled": read.flag("OTEL_SDK_DISABLED", default=False),
        "resource_attributes": resource,
    }
    values |= _checked(given)
    settings = Settings(**values)  # type: ignore[arg-type]  # built and checked above
    return _usable(settings, read.problems)


def _checked(given: Mapping[str, object]) -> dict[str, object]:
    known = Settings.__dataclass_fields__
    out: dict[str, object] = {}
    for name, value in given.items():
        if name not in known or name == "problems":
            names = ", ".join(n for n in known if n != "problems")
            raise ConfigError(f"init() has no setting {name!r}. It knows: {names}.")
        if value is None or (value == "" and name in _TEXTS[1:]):
            continue
        if not _fits(name, value):
            raise ConfigError(f"{name} must be {_FORMS[name]}, not {clean_text(value, most=80)!r}.")
        if name == "store":
            out[name] = store_path(value)  # type: ignore[arg-type]  # checked above
        elif name == "prices":
            out[name] = _path(os.fspath(value))  # type: ignore[call-overload]  # checked above
        else:
            out[name] = clean_text(value) if isinstance(value, str) else value
    return out


def _are_limits(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(tier, str) and isinstance(limit, int | float) and limit > 0
        for tier, limit in value.items()
    )


def _fits(name: str, value: object) -> bool:  # one form of value after the other
    """Whether an argument has the type of its setting."""
    if name in _TEXTS:
        return isinstance(value, str) and (bool(value.strip()) or name != "service_name")
    if name in _MAPPINGS:
        return isinstance(value, Mapping) and all(
            isinstance(part, str) for pair in value.items() for part in pair
        )
    fits = _CHECKS.get(name)
    return fits(value) if fits is not None else isinstance(value, bool)


def _is_path(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, os.PathLike) and isinstance(value.__fspath__(), str))


def _is_number(value: object, fits: Callable[[float], bool]) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and fits(value)


def _are_hosts(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    return all(isinstance(entry, str) and is_entry(entry) for entry in value)


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "store": _is_path,
    "prices": _is_path,
    "propagate_to": _are_hosts,
    "tier_timeouts_s": _are_limits,
    "propagate_threads": lambda value: propagation(value) is not None,
    "budget_usd": lambda value: _is_number(value, _is_limit),
    "budget_tokens": lambda value: _is_number(value, _is_limit),
    "budget_action": lambda value: value in _ACTIONS,
    "flush_timeout_s": lambda value: _is_number(value, lambda seconds: 0 <= seconds <= _MOST_FLUSH_S),
}
"""Settings that are neither texts, mappings nor flags."""


def _usable(settings: Settings, problems: list[str]) -> Settings:
    """Settings whose endpoint and protocol can be used; what was wrong is in `problems`."""
    endpoint, protocol = settings.endpoint, settings.protocol
    if protocol not in PROTOCOLS:
        problems.append(
            f"OTLP protocol {protocol!r} is unknown; spans stay in the store. "
            f"Set OTEL_EXPORTER_OTLP_PROTOCOL to {' or '.join(PROTOCOLS)}."
        )
        endpoint, protocol = None, PROTOCOLS[0]
    if endpoint is not None and not re.match(r"https?://[^/\s]+", endpoint):
        if protocol == "grpc" and re.fullmatch(r"[^/\s]+:\d+", endpoint):
            pass  # host:port is what grpc users write
        else:
            problems.append(
                f"OTLP endpoint {endpoint!r} is no http(s) URL; spans stay in the store. "
                "Write it like http://localhost:4318."
            )
            endpoint = None
    if endpoint is not None and protocol == "grpc" and not _has_grpc():
        problems.append(
            "OTLP protocol grpc needs a package that is not installed; spans stay in the store. "
            'Install it: pip install "agentgauge[grpc]", or set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf.'
        )
        endpoint = None
    if endpoint is not None and protocol == PROTOCOLS[0] and re.search(r":4317/?$", endpoint):
        problems.append(
            f"OTLP endpoint {endpoint} has the gRPC port 4317, but the protocol is http/protobuf: "
            "use port 4318, or OTEL_EXPORTER_OTLP_PROTOCOL=grpc with agentgauge[grpc]."
        )
    return replace(settings, endpoint=endpoint, protocol=protocol, problems=tuple(problems))


def _has_grpc() -> bool:
    try:
        needed = ("grpc", "opentelemetry.exporter.otlp.proto.grpc")
        return all(importlib.util.find_spec(name) is not None for name in needed)
    except ModuleNotFoundError:
        return False
