"""The real promtool."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from agentgauge.stack.binaries import PROMTOOL, find
from agentgauge.stack.places import find_places


def find_promtool() -> str:
    """Its path, built once into the cache; where that cannot be, a skip, but never in CI."""
    found = find(PROMTOOL, find_places())
    if found is not None and found.built:
        return str(found.path)
    if shutil.which("go") is None:
        reason = "no promtool: set AGENTGAUGE_PROMTOOL, put it on the PATH, or install Go"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    subprocess.run([sys.executable, "-m", "agentgauge", "up", "--only-build"], check=True, timeout=2400)
    built = find(PROMTOOL, find_places())
    assert built is not None
    return str(built.path)
