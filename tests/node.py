"""Packages of Node, installed once by an exact list and kept in the user's cache."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

INSTALL_S = 900


def need_node():
    """Skips with the reason where there is no Node, npm or npx."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} missing, so nothing of Grafana's own packages can run")


def packages(listed):
    """A folder with node_modules as `listed` (a package.json with exact versions) says."""
    text = listed.read_text()
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentgauge" / "test-node"
    place = base / hashlib.sha256(text.encode()).hexdigest()[:16]
    place.mkdir(parents=True, exist_ok=True)
    with locked(base / f"{place.name}.lock"):
        # The stamp is written last, so an installation that was broken off is made again.
        if not (place / "complete").exists():
            (place / "package.json").write_text(text)
            _install(place)
            (place / "complete").touch()
    return place


@contextmanager
def locked(path):
    """Only one process at a time is in the block."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(place):
    # Grafana's packages disagree about the peers of their peers.
    words = [
        "npm",
        "install",
        "--legacy-peer-deps",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]
    done = subprocess.run(
        words,
        cwd=place,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALL_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
