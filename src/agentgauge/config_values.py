"""What each setting may be: its words, its bounds, and how an argument is checked."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from agentgauge.hosts import is_entry

PROTOCOLS = ("http/protobuf", "grpc")
Propagation = Literal["off", "tasks", "threads", "all"]
FRAMEWORKS = ("openai-agents", "langchain", "pydantic-ai", "crewai", "spans")
"""Where agents and tools are recognised: four frameworks, and any other's OpenInference or GenAI spans."""
PROPAGATIONS: tuple[Propagation, ...] = ("off", "tasks", "threads", "all")
FALSE = {"0", "false", "no", "off", ""}
TRUE = {"1", "true", "yes", "on"}
MOST_FLUSH_S = 3600
OUTBOX_METRICS_S = 60.0
LEAST_EVERY_S, MOST_EVERY_S = 0.1, 240.0
"""Of `outbox_metrics_s`: Prometheus takes a series for ended that says nothing for five minutes."""
_MOST_BUDGET = 1e15
ACTIONS = ("raise", "warn")
TIER_TIMEOUTS_S: Mapping[str, float] = {"0": 60.0, "1": 90.0, "2": 120.0, "3": 180.0, "4": 240.0}
"""What a call to a model of each tier may take, from the smallest models to the largest."""
TEXTS = ("service_name", "environment", "release", "endpoint", "protocol")
MAPPINGS = ("providers", "resource_attributes")
FLAGS = ("instrument", "set_global", "forward_spans", "library_roles", "disabled")
_OTLP = "OTEL_EXPORTER_OTLP"
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "service_name": ("AGENTGAUGE_SERVICE", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"),
    "environment": ("AGENTGAUGE_ENVIRONMENT", "OTEL_RESOURCE_ATTRIBUTES"),
    "release": ("AGENTGAUGE_RELEASE", "OTEL_RESOURCE_ATTRIBUTES"),
    "store": ("AGENTGAUGE_STORE",),
    "endpoint": (f"{_OTLP}_TRACES_ENDPOINT", f"{_OTLP}_ENDPOINT"),
    "protocol": (f"{_OTLP}_TRACES_PROTOCOL", f"{_OTLP}_PROTOCOL"),
    "outbox_metrics_s": ("AGENTGAUGE_OUTBOX_METRICS", "OTEL_METRICS_EXPORTER"),
    "providers": ("AGENTGAUGE_PROVIDERS",),
    "prices": ("AGENTGAUGE_PRICES",),
    "context_limits": ("AGENTGAUGE_CONTEXT_LIMITS",),
    "budget_usd": ("AGENTGAUGE_BUDGET_USD",),
    "budget_tokens": ("AGENTGAUGE_BUDGET_TOKENS",),
    "budget_action": ("AGENTGAUGE_BUDGET_ACTION",),
    "propagate_to": ("AGENTGAUGE_PROPAGATE_TO",),
    "stream_usage": ("AGENTGAUGE_STREAM_USAGE",),
    "library_roles": ("AGENTGAUGE_LIBRARY_ROLES",),
    "instrument": ("AGENTGAUGE_INSTRUMENT",),
    "frameworks": ("AGENTGAUGE_FRAMEWORKS",),
    "set_global": ("AGENTGAUGE_SET_GLOBAL",),
    "forward_spans": ("AGENTGAUGE_FORWARD_SPANS",),
    "propagate_threads": ("AGENTGAUGE_PROPAGATE_THREADS",),
    "flush_timeout_s": ("AGENTGAUGE_FLUSH_TIMEOUT",),
    "tier_timeouts_s": ("AGENTGAUGE_TIER_TIMEOUTS",),
    "disabled": ("OTEL_SDK_DISABLED",),
    "resource_attributes": ("OTEL_RESOURCE_ATTRIBUTES",),
}
"""Setting -> the variables that it comes from, the first that is set."""
RESOURCE_KEYS: Mapping[str, tuple[str, ...]] = {
    "service_name": ("service.name",),
    "environment": ("deployment.environment.name", "deployment.environment"),
    "release": ("service.version",),
}
"""Where OTEL_RESOURCE_ATTRIBUTES has a setting."""
OTHER_VARIABLES = tuple(
    f"AGENTGAUGE_{name}"
    for name in (
        *(
            "AUTO",
            "RUN_",
            "TEST_",
            "RECORDINGS",
            "PORT_",
            "OTLP_",
            "HEALTH",
            "SELF_METRICS_",
            "TEMPO",
            "STORAGE",
        ),
        *(
            "PROMETHEUS",
            "PROMTOOL",
            "ALERTMANAGER",
            "COLLECTOR",
            "FLUSH_INTERVAL",
            "SERIES_LIMIT",
            "QUEUE_BYTES",
            "TAIL_",
            "PREVIEW",
        ),
    )
)
"""How variables begin that are no settings of the SDK: of `run`, of the local stack, and of its tests."""
FORMS = {
    **dict.fromkeys(TEXTS, "a string"),
    "service_name": "a non-empty string",
    **dict.fromkeys(MAPPINGS, "a mapping of strings to strings"),
    **dict.fromkeys(FLAGS, "True or False"),
    "propagate_to": 'a list of hosts such as ["planner.corp", "planner.corp:8080", ".corp"]',
    "stream_usage": 'a list of hosts such as ["localhost:8000", ".corp"], or ["all"]',
    "store": 'a path, or "off"',
    "prices": "a path",
    "frameworks": f"True, False or some of {', '.join(FRAMEWORKS)}",
    "context_limits": "a mapping of models (strings) to whole numbers of tokens",
    "budget_usd": "a number of more than zero",
    "budget_tokens": "a number of more than zero",
    "budget_action": "one of raise, warn",
    "propagate_threads": f"True, False, or one of {', '.join(PROPAGATIONS)}",
    "flush_timeout_s": f"a number of seconds from 0 to {MOST_FLUSH_S}",
    "outbox_metrics_s": f"0, or a number of seconds from {LEAST_EVERY_S:g} to {MOST_EVERY_S:g}",
    "tier_timeouts_s": "a mapping of tiers (strings) to seconds of more than 0",
}


def propagation(value: object) -> Propagation | None:
    """What a setting of `propagate_threads` means; None for a word that is none of them."""
    word = str(value).strip().lower()
    if word in TRUE or word in FALSE:
        return "threads" if word in TRUE else "off"
    return next((known for known in PROPAGATIONS if known == word), None)


def is_limit(number: float) -> bool:
    """Whether a budget can be that much."""
    return 0 < number <= _MOST_BUDGET  # infinity is no limit, and NaN is no number


def is_interval(seconds: float) -> bool:
    """Whether something can be told so often; 0 is never."""
    return seconds == 0 or LEAST_EVERY_S <= seconds <= MOST_EVERY_S


def number_in(text: str) -> float:
    """The finite number that a text is, -1 when it is none."""
    try:
        number = float(text)
    except ValueError:
        return -1.0
    return number if math.isfinite(number) else -1.0


def _are_limits(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(tier, str) and isinstance(limit, int | float) and limit > 0
        for tier, limit in value.items()
    )


def fits(name: str, value: object) -> bool:  # one form of value after the other
    """Whether an argument has the type of its setting."""
    if name in TEXTS:
        return isinstance(value, str) and (bool(value.strip()) or name != "service_name")
    if name in MAPPINGS:
        return isinstance(value, Mapping) and all(
            isinstance(part, str) for pair in value.items() for part in pair
        )
    check = _CHECKS.get(name)
    return check(value) if check is not None else isinstance(value, bool)


def _is_path(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, os.PathLike) and isinstance(value.__fspath__(), str))


def _is_number(value: object, fits: Callable[[float], bool]) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and fits(value)


def _are_hosts(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    return all(isinstance(entry, str) and is_entry(entry) for entry in value)


def _are_frameworks(value: object) -> bool:
    if isinstance(value, tuple | list | set | frozenset):
        return all(each in FRAMEWORKS for each in value)
    return isinstance(value, bool)


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "store": _is_path,
    "prices": _is_path,
    "frameworks": _are_frameworks,
    "propagate_to": _are_hosts,
    "stream_usage": _are_hosts,  # "all" has the form of one
    "tier_timeouts_s": _are_limits,
    "context_limits": lambda value: _are_limits(value) and all(isinstance(n, int) for n in value.values()),  # type: ignore[attr-defined]  # checked before
    "propagate_threads": lambda value: propagation(value) is not None,
    "budget_usd": lambda value: _is_number(value, is_limit),
    "budget_tokens": lambda value: _is_number(value, is_limit),
    "budget_action": lambda value: value in ACTIONS,
    "outbox_metrics_s": lambda value: _is_number(value, is_interval),
    "flush_timeout_s": lambda value: _is_number(value, lambda seconds: 0 <= seconds <= MOST_FLUSH_S),
}
"""Settings that are neither texts, mappings nor flags."""
