"""Environments with other packages than this one, made once and kept in the user's cache."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src"
LISTS = ROOT / "tests" / "environments"
_PIN = re.compile(r"^([a-z0-9-]+)==([^\s\\;]+)( ;[^\\]+)?", re.MULTILINE)
# The current client with its own HTTP stack, and what only builds the package.
_CURRENT_CLIENT = {"openai", "httpx2", "httpcore2", "httpx2-jsfetch", "truststore"}
_BUILDING = {"editables", "hatchling", "pathspec", "pluggy", "tomlkit", "trove-classifiers"}
# What openai 2 sits on, in place of httpx2.
_LEGACY_HTTP = ("distro==1.9.0", "httpcore==1.0.9", "httpx==0.28.1", "tqdm==4.67.1")


def environment(*requirements):
    """The interpreter of an environment with exactly these pinned requirements (`name==version`)."""
    pins = sorted(requirements)
    wanted = "\n".join(pins)
    place = made_once(f"{sys.version}\n{wanted}", lambda folder: _make(folder, pins))
    return place / "bin" / "python"


def made_once(key, make):
    """A folder of the user's cache that `make` fills, unless it is there from before."""
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentgauge" / "test-envs"
    base.mkdir(parents=True, exist_ok=True)
    place = base / name
    with _locked(base / f"{name}.lock"):
        # The stamp is written last, so an environment whose making was broken off is made again.
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            make(place)
            (place / "complete").write_text(key)
    return place


def with_openai(version, *more):
    """The interpreter of an environment with another openai, all that agentgauge needs, and `more`."""
    stack = _LEGACY_HTTP if version.startswith("2.") else _pins(_CURRENT_CLIENT - {"openai"})
    return environment(f"openai=={version}", *stack, *_shared_pins(), *more)


def with_libraries(listed, *more, openai=None):
    """The interpreter of one with the libraries of environments/{listed}.txt and all that agentgauge needs.

    `openai` is the version of an older client; the current one, with its HTTP stack, when None.
    """
    lines = (Path(__file__).parent / "environments" / f"{listed}.txt").read_text().splitlines()
    libraries = [line for line in lines if line and not line.startswith("#")]
    client = [*_pins(_CURRENT_CLIENT)] if openai is None else [f"openai=={openai}"]
    return environment(*client, *libraries, *more, *_shared_pins())


def with_current_openai(*more):
    """The interpreter of an environment with this client, all that agentgauge needs, and more."""
    text = (ROOT / "requirements" / "demo.txt").read_text()
    current = [f"{name}=={version}{marker}".strip() for name, version, marker in _PIN.findall(text)]
    return environment(*(pin for pin in current if pin.split("==")[0] not in _BUILDING), *more)


def listed(name):
    """The interpreter of an environment with exactly the pins of `environments/{name}.txt`."""
    return environment(*pins_of(name))


def pins_of(name):
    """The pinned requirements of `environments/{name}.txt`."""
    lines = (LISTS / f"{name}.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _shared_pins():
    """Our own pins without the current client, so that only the client differs."""
    yield from _pins({name for name, *_ in _all_pins()} - _CURRENT_CLIENT - _BUILDING)


def _pins(names):
    for name, version, marker in _all_pins():
        if name in names:
            yield f"{name}=={version}{marker}".strip()


def _all_pins():
    return _PIN.findall((ROOT / "requirements" / "demo.txt").read_text())


def _make(place, requirements):
    venv.create(place, with_pip=False, symlinks=True)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(place / "bin" / "python"),
        "install",
        "-q",
        "--no-deps",
        "--no-compile",
    ]
    made = subprocess.run(
        [*pip, *requirements], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr


@contextmanager
def _locked(path):
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
