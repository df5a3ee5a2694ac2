"""What promtool says of rules, where there is a promtool."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentgauge.stack.binaries import PROMTOOL, find
from agentgauge.stack.shipped import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentgauge.stack.binaries import Found
    from agentgauge.stack.places import Places

NONE_FOUND = (
    "No promtool was found, so Prometheus' own check of the rules is left out. Put one on the PATH, name one "
    "in AGENTGAUGE_PROMTOOL, or let `agentgauge up --only-build` build one."
)
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether Prometheus would load some rules; `said` is promtool's own words where it would not."""

    found: Found
    files: int
    said: str = ""

    @property
    def refused(self) -> bool:
        """Whether there is something wrong."""
        return bool(self.said)


def check_rules(texts: Mapping[Path, str], places: Places) -> Verdict | None:
    """Asks promtool about rule files before they are written; None where there is no promtool.

    Args:
        texts: the text that each file is to have; all that Prometheus reads together.
        places: where a promtool may have been built.

    Raises:
        StackError: AGENTGAUGE_PROMTOOL names no program, or it cannot be run.
    """
    found = find(PROMTOOL, places)
    if found is None or not found.built:
        return None
    with tempfile.TemporaryDirectory(prefix="agentgauge-rules-") as folder:
        copies = {Path(folder, path.name): path for path in texts}
        for copy, path in copies.items():
            copy.write_text(texts[path], encoding="utf-8")
        said = _refusal(found, list(copies))
    for copy, path in copies.items():
        said = said.replace(str(copy), str(path))
    return Verdict(found=found, files=len(copies), said=said)


def _refusal(found: Found, files: list[Path]) -> str:
    command = [str(found.path), "check", "rules", *map(str, files)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603  # found by us
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(
            f"{found.path} ({found.origin}) cannot be run: {error}. Name another promtool in "
            f"{PROMTOOL.variable}."
        ) from None
    if done.returncode == 0:
        return ""
    return (done.stderr or done.stdout).strip() or f"it ended with {done.returncode}"
