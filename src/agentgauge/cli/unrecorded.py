"""Why processes of an `agentgauge run` were not recorded, in words; auto/start.py writes the notes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

INSIDE = "inside"
"""The note of an `agentgauge run` inside this one: its run's id."""

_SHOWN = 3
_IN_CODE = "put `import agentgauge; agentgauge.init()` at the top of the program, which needs none of this."


def why_nothing(notes: Path, *, store: Path | None) -> str:
    """For a run of which no process reported: what is known of it, and the next thing to do.

    Args:
        notes: the folder of the run's notes.
        store: where calls should have gone; None for a temporary place.
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return "OTEL_SDK_DISABLED=true switches all recording off: unset it."
    if failed := why_some_not(notes):
        return failed
    if run_id := _text(notes / INSIDE):
        shown = f"agentgauge report --run {run_id[:12]}" if store else "see its own bill"
        return f"Another `agentgauge run` inside this one has the calls. Next: {shown}, or leave one out."
    if (notes / "started").exists():
        place = f"the store {store}" if store else "the temporary store"
        return (
            f"openai was imported and recording started, but nothing arrived in {place}. "
            "Next: check that the program can write it and names no other in its code, or use --store."
        )
    if (notes / "python").exists():
        return (
            "Python ran, but no process imported openai, the client that is recorded without code "
            "(2.8 or newer); a Python started with -I, -E or -S by the program is not seen. "
            "Next: check that the program got as far as its first call; for other clients see "
            "agentgauge.record_call()."
        )
    return (
        "No Python was seen either. The command runs none, or starts it with -I, -E or -S or with "
        "an environment of its own (sudo, tox, a container), or another tool's sitecustomize came first "
        f"(opentelemetry-instrument). Next: run the program itself, as in `agentgauge run -- python "
        f"my_agent.py`, or {_IN_CODE}"
    )


def why_some_not(notes: Path) -> str:
    """One paragraph on processes that used a client and could not be recorded; empty when there are none."""
    reasons = sorted({_text(file) for file in notes.iterdir() if file.name.isdigit()} - {""})
    count = sum(file.name.isdigit() for file in notes.iterdir())
    if not count:
        return ""
    more = f"; and {len(reasons) - _SHOWN} more reasons" if len(reasons) > _SHOWN else ""
    were = "1 process was" if count == 1 else f"{count:,} processes were"
    return (
        f"{were} not recorded: {'; '.join(reasons[:_SHOWN])}{more}. "
        "Next: run that Python with -m pip install agentgauge, or -c 'import agentgauge.init' to see more."
    )


def _text(note: Path) -> str:
    try:
        return note.read_text(errors="replace").strip()
    except OSError:
        return ""
