"""Draws dashboards with Grafana's own React packages, in headless Chromium, against a real Prometheus.

It is not Grafana: its server and its panel plugins are in no package registry. What is drawn is a preview.
"""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path

from node import locked, packages

ROOT = Path(__file__).parents[1]
HERE = ROOT / "tests" / "preview"
SOURCES = ("index.html", "vite.config.mjs", "server.mjs", "preview.mjs", "src")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BUILD_S, DRAW_S = 900, 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One dashboard to draw: its file, width, theme, and where the picture goes, if anywhere.

    `query` is what the page is asked with: `from`, `to`, `scrape` (the seconds between samples), `unfold`
    (draw what is in folded rows too).
    """

    dashboard: str
    width: int = 1600
    theme: str = "dark"
    picture: str | None = None
    query: dict[str, str] = field(default_factory=dict)


def chromium():
    """The path of a Chromium, or None."""
    named = os.environ.get("AGENTGAUGE_CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def built():
    """The folder of the built preview: packages and build are kept until their sources change."""
    place = packages(HERE / "package.json")
    files = sorted(file for name in SOURCES for file in _files(HERE / name))
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    stamp = place / "built"
    with locked(place / "build.lock"):
        if not stamp.exists() or stamp.read_text() != mark:
            for name in SOURCES:
                _copy(HERE / name, place / name)
            words = ["node", "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"]
            _run(words, place, BUILD_S)
            stamp.write_text(mark)
    return place


def draw(prometheus, drawings, scratch, *, traces=None):
    """What each dashboard shows: [{"dashboard", "panels", "texts", "variables", "errors", …}].

    `traces` is a file with what Tempo's search answers, whatever it is asked.
    """
    place, jobs = built(), scratch / "jobs.json"
    asked = {"chromium": chromium(), "prometheus": prometheus, "jobs": [asdict(one) for one in drawings]}
    asked["traces"] = str(traces) if traces else None
    jobs.write_text(json.dumps(asked))
    return json.loads(_run(["node", "preview.mjs", str(jobs)], place, DRAW_S))


def faults(found):
    """What went wrong in a dashboard, in words."""
    yield from found["errors"]
    yield from (f"variable {one['name']}: {one['error']}" for one in found["variables"] if one.get("error"))
    for panel in found["panels"]:
        if panel.get("error"):
            yield f"{panel['title']!r}: {panel['error']}"
        if panel["unknown"]:
            yield f"{panel['title']!r}: nothing knows {', '.join(panel['unknown'])}"


def texts(found):
    """Title of a panel -> the lines that it shows below its title."""
    titles = {panel["key"]: panel["title"] for panel in found["panels"]}
    return {
        titles[key]: [line for line in lines if line != titles[key]] for key, lines in found["texts"].items()
    }


def _files(path):
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def _copy(source, target):
    if source.is_file():
        shutil.copy(source, target)
    else:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)


def _run(words, folder, timeout_s):
    done = subprocess.run(
        words,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout
