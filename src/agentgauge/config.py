"""Settings: from arguments, AGENTGAUGE_* and the standard OTEL_* variables, in that order."""

from __future__ import annotations

import importlib.util
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agentgauge.config_values import (
    ACTIONS,
    FORMS,
    FRAMEWORKS,
    OUTBOX_METRICS_S,
    PROTOCOLS,
    TEXTS,
    TIER_TIMEOUTS_S,
    Propagation,
    fits,
)
from agentgauge.errors import ConfigError
from agentgauge.labels import clean_text
from agentgauge.variables import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_STORE = "agentgauge/store.sqlite"


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
        outbox_metrics_s: how often it is told by OTLP metrics what waits to be sent, 0 for never;
            AGENTGAUGE_OUTBOX_METRICS (seconds, or `off`), and OTEL_METRICS_EXPORTER=none.
        providers: host or host:port -> provider name, for servers that a public price list does not know;
            AGENTGAUGE_PROVIDERS ("localhost:8000=openai,llm.corp=azure").
        prices: a TOML file with prices of your own (form: `agentgauge.price_file`); AGENTGAUGE_PRICES.
        context_limits: model, or provider/model, with `*` for anything -> tokens that a request may have,
            before the public list; AGENTGAUGE_CONTEXT_LIMITS ("our-llama-*=8192").
        budget_usd: what this process may spend, see `budget`; AGENTGAUGE_BUDGET_USD.
        budget_tokens: the same in input + output tokens; AGENTGAUGE_BUDGET_TOKENS.
        budget_action: raise (`BudgetExceeded`, from the call that may not leave) or warn;
            AGENTGAUGE_BUDGET_ACTION.
        propagate_to: hosts of services of yours that are told, by trace context and baggage, which agent and
            workflow calls them; AGENTGAUGE_PROPAGATE_TO ("researcher.corp:8080,.agents.corp").
        stream_usage: hosts whose streams are asked for usage where the program does not: the extra chunk is
            kept from the program; AGENTGAUGE_STREAM_USAGE ("localhost:8000,.corp", or `all`).
        library_roles: a call from inside a library has the library's name as role where nobody set one;
            AGENTGAUGE_LIBRARY_ROLES.
        instrument: start the OpenAI instrumentation; AGENTGAUGE_INSTRUMENT.
        frameworks: where agents and tools are recognised: some of openai-agents, langchain, pydantic-ai,
            crewai and spans (of any OpenInference or GenAI instrumentation); all, or none when empty;
            AGENTGAUGE_FRAMEWORKS (`on`, `off`, or names with commas).
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
    outbox_metrics_s: float = OUTBOX_METRICS_S
    providers: Mapping[str, str] = field(default_factory=dict)
    prices: Path | None = None
    context_limits: Mapping[str, int] = field(default_factory=dict)
    budget_usd: float | None = None
    budget_tokens: int | None = None
    budget_action: Literal["raise", "warn"] = "raise"
    propagate_to: Sequence[str] = ()
    stream_usage: Sequence[str] = ()
    library_roles: bool = True
    instrument: bool = True
    frameworks: tuple[str, ...] = FRAMEWORKS
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


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None


def _outbox_metrics_s(read: Reader) -> float:
    """Whoever wants no metrics of OpenTelemetry's gets none of ours either, unless asked for."""
    none = read.text("OTEL_METRICS_EXPORTER") == "none"
    default = 0.0 if none else OUTBOX_METRICS_S
    return read.every_s("AGENTGAUGE_OUTBOX_METRICS", default=default, on=OUTBOX_METRICS_S)


def read_settings(environ: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Settings from arguments first, then the environment.

    Args:
        environ: the variables; the process's own when None.
        **given: any field of `Settings`; None means not given.

    Raises:
        ConfigError: an argument's name is unknown or its value has the wrong type. Bad variables never
            raise: they are in `problems`.
    """
    read = Reader(os.environ if environ is None else environ)
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
        "outbox_metrics_s": _outbox_metrics_s(read),
        "providers": read.pairs("AGENTGAUGE_PROVIDERS"),
        "prices": _path(read.text("AGENTGAUGE_PRICES")),
        "context_limits": read.tokens_by_model("AGENTGAUGE_CONTEXT_LIMITS"),
        "budget_usd": read.more_than_zero("AGENTGAUGE_BUDGET_USD"),
        "budget_tokens": read.more_than_zero("AGENTGAUGE_BUDGET_TOKENS", whole=True),
        "budget_action": read.word("AGENTGAUGE_BUDGET_ACTION", ACTIONS),
        "propagate_to": read.hosts("AGENTGAUGE_PROPAGATE_TO"),
        "stream_usage": read.hosts_or_all("AGENTGAUGE_STREAM_USAGE"),
        "library_roles": read.flag("AGENTGAUGE_LIBRARY_ROLES", default=True),
        "instrument": read.flag("AGENTGAUGE_INSTRUMENT", default=True),
        "frameworks": read.names("AGENTGAUGE_FRAMEWORKS", FRAMEWORKS),
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
        if value is None or (value == "" and name in TEXTS[1:]):
            continue
        if not fits(name, value):
            raise ConfigError(f"{name} must be {FORMS[name]}, not {clean_text(value, most=80)!r}.")
        if name == "store":
            out[name] = store_path(value)  # type: ignore[arg-type]  # checked above
        elif name == "prices":
            out[name] = _path(os.fspath(value))  # type: ignore[call-overload]  # checked above
        elif name == "frameworks":
            out[name] = (FRAMEWORKS if value else ()) if isinstance(value, bool) else tuple(value)  # type: ignore[arg-type]  # checked above
        else:
            out[name] = clean_text(value) if isinstance(value, str) else value
    return out


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
