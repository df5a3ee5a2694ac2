"""Which library makes a call that the program itself does not see: its name is the call's role.

Found from the frames between the client and the program, innermost first. What only carries a call out for
somebody else, a client, a framework, a retry, is passed over; the first frame of the program ends the search,
and so does the first frame of any other package, which is the library. A frame is judged by its file, so
each file is judged once.
"""

from __future__ import annotations

import functools
import re
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from agentgauge.guard import guarded
from agentgauge.labels import Few, clean_label

if TYPE_CHECKING:
    from types import FrameType

MOST_FRAMES = 100
MOST_NAMES = 32
_MOST_FILES = 4096

_CARRIERS = re.compile(
    r"""
    # clients of model servers, and what they send with
    openai|anthropic|groq|mistralai|litellm|instructor|aisuite|any_llm|portkey_ai|ollama|cohere
    |httpx2?|httpcore2?|requests|urllib3|aiohttp|anyio|sniffio
    # what watches calls
    |agentgauge|openinference|opentelemetry|wrapt|logfire|langfuse|langsmith|traceloop|sentry_sdk|ddtrace
    |opik|weave|mlflow|braintrust|agentops|newrelic|elasticapm
    # frameworks that run agents of the program's
    |langchain\w*|langgraph\w*|agents|crewai\w*|pydantic_ai\w*|pydantic_graph|llama_index\w*
    |llama_cloud\w*|autogen\w*|ag2|semantic_kernel|smolagents|haystack\w*|agno|strands|google|dspy|camel
    |agent_framework|metagpt|griptape|mirascope|marvin|controlflow|magentic|beeai_framework|atomic_agents
    |burr|prefect|dagster|temporalio
    # plumbing that calls whatever it was given
    |tenacity|backoff|stamina|retry\w*|decorator|joblib|pydantic\w*|typing_extensions|nest_asyncio|asgiref
    |cachetools|diskcache|aiolimiter|pyrate_limiter|tqdm|dask|distributed|ray|celery|kombu|billiard
    """,
    re.VERBOSE,
)
"""Top-level packages whose frames say nothing about who wanted a call."""

_LOOPS = re.compile(r"asyncio[./](?:events|base_events|runners)|(?:trio|curio|gevent|eventlet|uvloop)\b.*")
_OURS = str(Path(__file__).parent)
_SITE = re.compile(r".*[\\/](?:site|dist)-packages[\\/]([^\\/]+)")
_PASS, _END = "", None
"""Verdicts on a file: look further out; there is no library. Any other is the library's name."""

_few = Few(MOST_NAMES)
_verdicts: dict[str, str | None] = {}
_programs: set[str] = set()


def program_is(module: str) -> None:
    """Says that the package of this module is the user's own program, though it may be installed."""
    _programs.add(module.partition(".")[0])
    _verdicts.clear()


def library_role(skip: int = 1) -> str | None:
    """The name of the library that makes the running thread's call; None where the program makes it itself.

    Args:
        skip: how many of the innermost frames not to look at.
    """
    with guarded("finding the library that calls"):
        frame: FrameType | None = sys._getframe(skip)  # noqa: SLF001  # `inspect.stack` reads source files
        for _ in range(MOST_FRAMES):
            if frame is None:
                return None
            file = frame.f_code.co_filename
            verdict = _verdicts[file] if file in _verdicts else _judged(file, frame)
            if verdict != _PASS:
                return _few(verdict) if verdict else None
            frame = frame.f_back
    return None


def _judged(file: str, frame: FrameType) -> str | None:
    if len(_verdicts) >= _MOST_FILES:
        _verdicts.clear()
    if file.startswith("<"):  # generated code, or a program that was typed in; one name for many of them
        return _END if frame.f_globals.get("__name__") == "__main__" else _PASS
    found = _SITE.match(file)
    if file.startswith(_OURS):
        verdict = _END if file.startswith(str(Path(_OURS, "demo"))) else _PASS  # the demo is a program
    elif found is None:
        verdict = _in_standard_library(file)
    else:
        package = found[1].removesuffix(".py")
        verdict = _of_package(package, Path(file[: found.start(1)]), file[found.start(1) :])
    _verdicts[file] = verdict
    return verdict


def _in_standard_library(file: str) -> str | None:
    if not file.startswith(_standard_library()):
        return _END
    return _END if _LOOPS.match(_module_like(file.removeprefix(_standard_library()))) else _PASS


@functools.lru_cache(maxsize=1)
def _standard_library() -> str:
    return sysconfig.get_path("stdlib")


def _module_like(rest: str) -> str:
    return rest.replace("\\", "/").strip("/").removesuffix(".py")


def _of_package(package: str, site: Path, rest: str) -> str | None:
    if _LOOPS.fullmatch(_module_like(rest)):
        return _END
    if _CARRIERS.fullmatch(package):
        return _PASS
    # Last, since it reads files: a program without such libraries never gets here.
    program = package in _programs or package in _main_packages() or package in _from_folders(site)
    return _END if program else clean_label(package, most=64)


def _main_packages() -> set[str]:
    """The package that was started: by `python -m`, or by the script that an installer made for it."""
    main = sys.modules.get("__main__")
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if spec is not None:
        return {spec.name.partition(".")[0]}
    if file is None or file.endswith(".py"):
        return set()
    return set(re.findall(r"^from (\w+)", _text(Path(file)), re.MULTILINE))


@functools.lru_cache(maxsize=16)
def _from_folders(site: Path) -> frozenset[str]:
    """Packages that were installed from a folder, as one's own program is, not from an index (PEP 610)."""
    found: set[str] = set()
    for note in site.glob("*.dist-info/direct_url.json"):
        if '"dir_info"' in _text(note):
            lines = _text(note.parent / "RECORD").splitlines()
            found |= {re.split(r"[/,]", line)[0].removesuffix(".py") for line in lines}
    return frozenset(found)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
