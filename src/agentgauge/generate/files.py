"""Every generated file: written, or compared with what is there."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from agentgauge.errors import ConfigError
from agentgauge.generate.boards import dashboards
from agentgauge.generate.collector import collector_config
from agentgauge.generate.contrib import contrib_config
from agentgauge.generate.reference import reference
from agentgauge.generate.rules import rules
from agentgauge.generate.sampling import tail_sampling_config
from agentgauge.generate.thresholds import FILE, read
from agentgauge.generate.thresholds.text import default_text

if TYPE_CHECKING:
    from pathlib import Path

COLLECTOR, CONTRIB = "collector/config.yaml", "collector/config.contrib.yaml"
SAMPLING = "collector/config.tail-sampling.yaml"
RULES, THRESHOLDS = "dashboards/rules/indicators.yaml", FILE
REFERENCE = "docs/reference.md"
GO_PRICES = "collector/genaiprocessor/internal/pricing"
"""The price tables once more, for the Collector's component: where its sources are."""


def rendered(root: Path) -> dict[str, str]:
    """Path below `root` -> text; the rules follow `root`'s own thresholds.yaml.

    Raises:
        ConfigError: thresholds.yaml is wrong; the message has its line and key.
    """
    texts = rendered_rules(root) | {
        COLLECTOR: collector_config(),
        CONTRIB: contrib_config(),
        SAMPLING: tail_sampling_config(),
        **dashboards(),
        REFERENCE: reference(),
    }
    if (root / GO_PRICES).is_dir():
        texts |= {f"{GO_PRICES}/{name}": _table(name) for name in ("prices.json", "price_extras.json")}
    if not (root / FILE).exists():
        texts[FILE] = default_text()
    return texts


def rendered_rules(root: Path) -> dict[str, str]:
    """The files that depend on thresholds.yaml; errors as above."""
    return {RULES: rules(read(root / FILE))}


def stale(root: Path, texts: dict[str, str]) -> list[str]:
    """The paths whose file is missing or says something else."""
    return [path for path, text in texts.items() if _read(root / path) != text]


def write(root: Path, texts: dict[str, str]) -> list[str]:
    """Writes what is stale and returns its paths; ConfigError where that is not possible."""
    changed = stale(root, texts)
    for path in changed:
        write_text(root / path, texts[path])
    return changed


def write_text(path: Path, text: str) -> None:
    """One file and its folder; ConfigError names what could not be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}. Name another folder: --out DIR"
        ) from None


def _table(name: str) -> str:
    return files("agentgauge").joinpath("data", name).read_text(encoding="utf-8")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
