"""Reads a folder of recorded requests: what was asked, and what the provider said that it used."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHAPE = """\
A folder of recordings has JSON lines, plain or gzipped, in two kinds of files:

  pairs*.jsonl[.gz]   one request a line:
    {"id": "1", "provider": "openai", "endpoint": "chat", "model": "gpt-4o",
     "response_model": "gpt-4o-2024-08-06", "request": {the JSON body as it was sent}, "total_input": 321}
    endpoint is chat, responses, messages, gemini or converse; total_input has cached tokens in it.

  paired*.jsonl[.gz]  two of those requests that differ in one thing:
    {"kind": "tools" or "step", "a": "1", "b": "2", "delta": 45}
    tools: only the tools differ; step: b has some messages more. delta is b's total_input - a's.
"""
ENDPOINTS = ("chat", "responses", "messages", "gemini", "converse")


@dataclass(frozen=True, slots=True)
class Recording:
    """One request with the provider's own count of it."""

    id: str
    provider: str
    endpoint: str
    model: str
    request: dict[str, Any]
    total: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two recordings that differ by tools only, or by a step of the conversation."""

    kind: str
    a: str
    b: str
    delta: int


def read_recordings(folder: Path) -> dict[str, Recording]:
    """Recordings by id; those of endpoints that no recorder of ours reads are left out.

    The model is the one that answered, as it is for calls that agentgauge records: gateways swap models.
    """
    found = {}
    for row in _rows(folder, "pairs*"):
        if row["endpoint"] in ENDPOINTS and row["total_input"] > 0:
            found[str(row["id"])] = Recording(
                str(row["id"]),
                row["provider"],
                row["endpoint"],
                row.get("response_model") or row["model"] or "",
                row["request"],
                row["total_input"],
            )
    return found


def read_pairs(folder: Path) -> list[Pair]:
    """All pairs."""
    return [Pair(r["kind"], str(r["a"]), str(r["b"]), r["delta"]) for r in _rows(folder, "paired*")]


def _rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    for file in sorted([*folder.glob(f"{name}.jsonl"), *folder.glob(f"{name}.jsonl.gz")]):
        with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
            yield from (json.loads(line) for line in lines)
