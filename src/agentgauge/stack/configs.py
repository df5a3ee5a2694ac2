"""Writes the configs that a run of the stack reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from agentgauge.stack.ports import HOST
from agentgauge.stack.shipped import StackError, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from agentgauge.stack.places import Places
    from agentgauge.stack.ports import Ports

COLLECTOR_CONFIG = "collector.yaml"
COPIES = {
    COLLECTOR_CONFIG: "collector/config.yaml",
    "prometheus.yml": "deploy/prometheus/prometheus.yml",
    "alertmanager.yml": "deploy/alertmanager/alertmanager.yml",
    "tempo.yaml": "deploy/tempo/tempo.yaml",
}
RULES = "dashboards/rules"
WITHOUT_TEMPO = """\
# Read after collector.yaml: there is no Tempo, so spans are counted and not kept.
exporters:
  nop:
service:
  pipelines:
    traces/tempo:
      exporters: [nop]
"""


def write_configs(places: Places, ports: Ports, *, overlay: Path | None, leave: str = "") -> Path:
    """Copies configs and rules beside each other; returns where the rules came from.

    Args:
        places: of the stack.
        ports: where Prometheus finds the others.
        overlay: a folder of the user's, whose files are taken instead of the shipped ones.
        leave: the name of a config that stays as it is.

    Raises:
        StackError: a file is missing from this installation.
    """
    folder = places.config
    files = {
        name: shipped(path, overlay=overlay).read_text(encoding="utf-8") for name, path in COPIES.items()
    }
    rules = shipped(RULES, overlay=overlay)
    for job, port in (("collector", ports.collector_metrics), ("alertmanager", ports.alertmanager)):
        files[f"targets/{job}.json"] = json.dumps([{"targets": [f"{HOST}:{port}"]}])
    files["without-tempo.yaml"] = WITHOUT_TEMPO
    # In place, and only what changed: Prometheus watches the folder of targets.
    write_rules(folder, read_rules(rules))
    files.pop(leave, None)
    for name, text in files.items():
        _replace(folder / name, text)
    return rules


def read_rules(folder: Path) -> dict[str, str]:
    """Every rule file of a folder: name -> text.

    Raises:
        StackError: one cannot be read as text.
    """
    texts = {}
    for file in sorted(folder.glob("*.yaml")):
        try:
            texts[file.name] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StackError(f"{file} cannot be read: {error}. Correct it or move it away.") from None
    return texts


def write_rules(folder: Path, texts: dict[str, str]) -> None:
    """Makes these the rule files below a folder of configs, and deletes all others."""
    for old in folder.glob("rules/*.yaml"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        _replace(folder / "rules" / name, text)


def _replace(path: Path, text: str) -> None:
    """Writes a file in one step, if its text is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        new = path.with_name(f".{path.name}.new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)
