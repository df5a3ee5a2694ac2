"""The files that come with agentgauge: Go sources, generated configs, rules, deploy files."""

from __future__ import annotations

from pathlib import Path

from agentgauge.errors import AgentgaugeError

_PACKAGE = Path(__file__).resolve().parents[1]
ROOTS = (_PACKAGE / "_files", _PACKAGE.parents[1])
"""An installed wheel has them in the package; a checkout two levels above it."""


class StackError(AgentgaugeError):
    """The local stack could not be started, found or stopped; says what to do."""


def shipped(name: str, *, overlay: Path | None = None) -> Path:
    """A file or folder by its path in the project, such as `deploy/tempo/tempo.yaml`.

    Args:
        name: the path.
        overlay: a folder of the user's, whose file of the same path is taken instead.

    Raises:
        StackError: the installation lacks it.
    """
    for root in (overlay, *ROOTS):
        if root is not None and (root / name).exists():
            return root / name
    raise StackError(
        f"{name} is missing from this installation of agentgauge. Install it again, or in a checkout "
        "run: make generate"
    )


def overlay_folder(given: str | None) -> Path | None:
    """The user's own folder of configs: the one named, else the current one if it has rules.

    Raises:
        StackError: the folder does not exist.
    """
    if given is not None:
        folder = Path(given).expanduser().absolute()
        if not folder.is_dir():
            raise StackError(f"--config {given}: there is no such folder.")
        return folder
    here = Path.cwd()
    return here if (here / "dashboards" / "rules").is_dir() else None
