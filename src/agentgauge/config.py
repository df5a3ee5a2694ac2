"""Settings: from arguments, AGENTGAUGE_* and the standard OTEL_* variables, in that order."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentgauge.errors import ConfigError
from agentgauge.labels import clean_text

PROTOCOLS = ("http/protobuf", "grpc")
DEFAULT_STORE = "agentgauge/store.sqlite"
FRAMEWORKS = ("openai-agents", "langchain", "pydantic-ai", "crewai", "spans")
"""Where agents and tools are recognised: four frameworks, and any other's OpenInference or GenAI spans."""
_FALSE = {"0", "false", "no", "off", ""}
_TRUE = {"1", "true", "yes", "on"}
_MOST_FLUSH_S = 3600
_TEXTS = ("service_name", "environment", "release", "endpoint", "protocol")
_MAPPINGS = ("providers", "resource_attributes")
_FLAGS = ("instrument", "set_global", "forward_spans", "disabled")
_FORMS = {
    **dict.fromkeys(_TEXTS, "a string"),
    "service_name": "a non-empty string",
    **dict.fromkeys(_MAPPINGS, "a mapping of strings to strings"),
    **dict.fromkeys(_FLAGS, "True or False"),
    "store": 'a path, or "off"',
    "frameworks": f"True, False or some of {', '.join(FRAMEWORKS)}",
    "flush_timeout_s": f"a number of seconds from 0 to {_MOST_FLUSH_S}",
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
        instrument: start the OpenAI instrumentation; AGENTGAUGE_INSTRUMENT.
        frameworks: where agents and tools are recognised: some of openai-agents, langchain, pydantic-ai,
            crewai and spans (of any OpenInference or GenAI instrumentation); all, or none when empty;
            AGENTGAUGE_FRAMEWORKS (`on`, `off`, or names with commas).
        set_global: become OpenTelemetry's global provider where there is none; AGENTGAUGE_SET_GLOBAL.
        forward_spans: pass spans, without content, to a provider that was there; AGENTGAUGE_FORWARD_SPANS.
        flush_timeout_s: the longest that exit or `shutdown()` may take; AGENTGAUGE_FLUSH_TIMEOUT.
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
    instrument: bool = True
    frameworks: tuple[str, ...] = FRAMEWORKS
    set_global: bool = True
    forward_spans: bool = True
    flush_timeout_s: float = 5.0
    disabled: bool = False
    resource_attributes: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def store_path(value: str | os.PathLike[str] | None = None) -> Path | None:
    """The store's file: the argument, AGENTGAUGE_STORE, or the default; None when it is `off`."""
    raw = os.fspath(value) if value is not None else os.environ.get("AGENTGAUGE_STORE", "")
    if raw.strip().lower() == "off":
        return None
    return Path(raw).expanduser() if raw.strip() else default_store()


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

    def seconds(self, name: str, *, default: float) -> float:
        value = self.text(name)
        if value is None:
            return default
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if 0 <= number <= _MOST_FLUSH_S:
            return number
        self.problems.append(f"{name}={value!r} is no number of seconds from 0 to 3600; using {default:g}.")
        return default

    def names(self, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """Some of the known names, with commas between them; all of them for `on`, none for `off`."""
        value = self.environ.get(name)
        if value is None or value.strip().lower() in _TRUE:
            return known
        given = {part.strip().lower() for part in clean_text(value).split(",")} - _FALSE
        if unknown := sorted(given - set(known)):
            self.problems.append(
                f"{name}: {unknown[0]!r} is unknown; left out. It may be on, off, or of {', '.join(known)}."
            )
        return tuple(word for word in known if word in given)

    def pairs(self, name: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in filter(None, (p.strip() for p in clean_text(self.environ.get(name, "")).split(","))):
            key, sep, value = part.partition("=")
            if sep and key.strip():
                found[key.strip()] = value.strip()
            else:
                self.problems.append(f"{name}: {part!r} is not of the form key=value; left out.")
        return found


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
        "instrument": read.flag("AGENTGAUGE_INSTRUMENT", default=True),
        "frameworks": read.names("AGENTGAUGE_FRAMEWORKS", FRAMEWORKS),
        "set_global": read.flag("AGENTGAUGE_SET_GLOBAL", default=True),
        "forward_spans": read.flag("AGENTGAUGE_FORWARD_SPANS", default=True),
        "flush_timeout_s": read.seconds("AGENTGAUGE_FLUSH_TIMEOUT", default=5.0),
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
        elif name == "frameworks":
            out[name] = (FRAMEWORKS if value else ()) if isinstance(value, bool) else tuple(value)  # type: ignore[arg-type]  # checked above
        else:
            out[name] = clean_text(value) if isinstance(value, str) else value
    return out


def _fits(name: str, value: object) -> bool:
    """Whether an argument has the type of its setting."""
    if name in _TEXTS:
        return isinstance(value, str) and (bool(value.strip()) or name != "service_name")
    if name in _MAPPINGS:
        return isinstance(value, Mapping) and all(
            isinstance(part, str) for pair in value.items() for part in pair
        )
    if name == "store":
        return isinstance(value, str) or (
            isinstance(value, os.PathLike) and isinstance(value.__fspath__(), str)
        )
    if name == "frameworks":
        several = isinstance(value, tuple | list | set | frozenset)
        return isinstance(value, bool) or (several and all(each in FRAMEWORKS for each in value))  # type: ignore[attr-defined]  # a collection
    if name == "flush_timeout_s":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and 0 <= value <= _MOST_FLUSH_S  # type: ignore[operator]  # a number
    return isinstance(value, bool)


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
