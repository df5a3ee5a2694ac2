"""The client and the other instrumentations that are installed, and what is recorded of them."""

from __future__ import annotations

import platform
import re
from importlib import metadata
from typing import TYPE_CHECKING

from agentgauge._version import __version__
from agentgauge.config_values import FRAMEWORKS
from agentgauge.doctor.finding import Finding
from agentgauge.instrument import OLDEST_OPENAI
from agentgauge.sources import mistral, stainless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentgauge.config import Settings

TOPIC = "client"
_OURS = ("openinference-instrumentation-openai", "opentelemetry-sdk", "tiktoken")
_FRAMEWORKS = {
    "openai-agents": "openai-agents",
    "langchain": "langchain-core",
    "pydantic-ai": "pydantic-ai-slim",
    "crewai": "crewai",
}
_CLIENTS = (*stainless.CLIENTS, mistral.CLIENT)
_OTHERS = re.compile(r"(openinference|opentelemetry)-instrumentation-(.+)")
_NOT_OF_MODELS = {"openai"}


def package_findings(settings: Settings) -> Iterator[Finding]:
    """Versions, and what is recorded by itself."""
    versions = {name: found for name in _OURS if (found := _version(name))}
    text = f"agentgauge {__version__} on Python {platform.python_version()}"
    more = ", ".join(f"{name} {version}" for name, version in versions.items())
    facts = {"agentgauge": __version__, "python": platform.python_version(), **versions}
    yield Finding(TOPIC, "ok", f"{text}; {more}", facts=facts)
    others = list(_clients(settings))
    yield _openai(settings, others=bool(others))
    yield from others
    yield from _frameworks(settings)
    yield from _others(settings)


def _openai(settings: Settings, *, others: bool) -> Finding:
    version = _version("openai")
    oldest = ".".join(map(str, OLDEST_OPENAI))
    facts = {"openai": version, "oldest": oldest, "instrument": settings.instrument}
    if version is None and others:
        return Finding(TOPIC, "note", "openai is not installed here", facts=facts)
    if version is None:
        text = "openai is not installed here: no call is recorded by itself"
        todo = f"pip install 'openai>={oldest}', or hand calls over with agentgauge.record_call()."
        return Finding(TOPIC, "note", text, next=todo, facts=facts)
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST_OPENAI:
        text = f"openai {version} is too old: no call of it is recorded"
        return Finding(TOPIC, "problem", text, next=f"pip install 'openai>={oldest}'", facts=facts)
    if not settings.instrument:
        text = f"openai {version} is supported, and not recorded: AGENTGAUGE_INSTRUMENT is off"
        return Finding(TOPIC, "note", text, facts=facts)
    text = f"openai {version} is supported: chat, completions, responses and embeddings are recorded"
    return Finding(TOPIC, "ok", text, facts=facts)


def _clients(settings: Settings) -> Iterator[Finding]:
    """The other clients that are recorded without an instrumentation of somebody else's."""
    for client in _CLIENTS:
        version = _version(client.module)
        if version is None:
            continue
        oldest = ".".join(map(str, client.oldest))
        facts = {client.module: version, "oldest": oldest, "instrument": settings.instrument}
        if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < client.oldest:
            text = f"{client.module} {version} is too old: no call of it is recorded"
            todo = f"pip install '{client.module}>={oldest}'"
            yield Finding(TOPIC, "problem", text, next=todo, facts=facts)
        elif settings.instrument:
            yield Finding(TOPIC, "ok", f"{client.module} {version} is recorded", facts=facts)
        else:
            text = f"{client.module} {version} is not recorded: AGENTGAUGE_INSTRUMENT is off"
            yield Finding(TOPIC, "note", text, facts=facts)


def _frameworks(settings: Settings) -> Iterator[Finding]:
    for name in FRAMEWORKS:
        package = _FRAMEWORKS.get(name)
        version = _version(package) if package else None
        if version is None:
            continue
        facts = {"framework": name, "version": version, "recognised": name in settings.frameworks}
        if name in settings.frameworks:
            yield Finding(
                TOPIC, "ok", f"{package} {version}: its agents and tools are recognised", facts=facts
            )
        else:
            text = f"{package} {version}: not recognised, AGENTGAUGE_FRAMEWORKS leaves it out"
            yield Finding(TOPIC, "note", text, facts=facts)


def _others(settings: Settings) -> Iterator[Finding]:
    for name, version in sorted(_instrumentations().items()):
        match = _OTHERS.fullmatch(name)
        if match is None or match[2] in _NOT_OF_MODELS:
            continue
        facts = {"instrumentation": name, "version": version, "read": "spans" in settings.frameworks}
        if "spans" in settings.frameworks:
            text = f"{name} {version}: its spans of models, agents and tools are read where it is started"
        else:
            text = f"{name} {version}: its spans are not read, AGENTGAUGE_FRAMEWORKS leaves spans out"
        yield Finding(TOPIC, "note", text, facts=facts)


def _instrumentations() -> dict[str, str]:
    found = {}
    for package in metadata.distributions():
        name = (package.metadata["Name"] or "").lower().replace("_", "-")
        if _OTHERS.fullmatch(name):
            found[name] = package.version
    return found


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
