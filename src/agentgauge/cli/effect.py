"""From new rules to rules in effect: judged by promtool, written, read by a stack; or all as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.errors import AgentgaugeError
from agentgauge.generate import files
from agentgauge.stack.configs import RULES, read_rules
from agentgauge.stack.places import find_places, locked
from agentgauge.stack.promtool import check_rules
from agentgauge.stack.reload import collector_is_current
from agentgauge.stack.reload_rules import can_reload, reload_rules, rules_folder
from agentgauge.stack.shipped import StackError
from agentgauge.stack.state import NATIVE, read_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from agentgauge.stack.promtool import Verdict

NO_STACK = (
    "In effect after `agentgauge up` here. A Prometheus of your own: give it {rules} as a rule file, then "
    "send it SIGHUP, or POST /-/reload where that is enabled."
)
_COLLECTOR = "The Collector's config is new and not in effect: run agentgauge down, then up."


def asked(out: Path, text: str) -> Verdict | None:
    """What promtool says of the generated rules beside the folder's others; None without a promtool."""
    folder = out / RULES
    texts = {folder / name: found for name, found in read_rules(folder).items()}
    return check_rules(texts | {out / files.RULES: text}, find_places())


def refusal(verdict: Verdict) -> str:
    """Promtool's words, and who said them."""
    return f"promtool refuses the rules ({verdict.found.path}):\n{verdict.said}"


def put_in_effect(
    out: Path, texts: dict[str, str], *, reload: bool, say: Callable[[str], None]
) -> str | None:
    """Writes files, and has a running stack that reads its rules from the same folder take them.

    Args:
        out: the folder that the paths of `texts` lie below.
        texts: path -> text; the rules among them.
        reload: whether a running stack is to be told.
        say: is told each file that was written.

    Returns:
        What the running stack makes of it; None when there is none.

    Raises:
        AgentgaugeError: promtool or Prometheus refused the rules; the old ones stay, in effect and on disk.
    """
    verdict = asked(out, texts[files.RULES])
    if verdict is not None and verdict.refused:
        raise AgentgaugeError(
            f"{refusal(verdict)}\nNothing was written; the rules from before stay in effect."
        )
    changed = files.stale(out, texts)
    of_rules = [path for path in (files.THRESHOLDS, files.RULES) if path in changed]
    before = {out / path: _bytes(out / path) for path in of_rules}
    files.write(out, texts)
    try:
        effect = _effect(out, reload=reload)
    except StackError as error:
        _restore(before)
        again = f"{_listed(before)} put back as before" if before else "no file changed"
        raise AgentgaugeError(f"{error}\nThe old rules stay in effect; {again}.") from None
    for path in changed:
        say(str(out / path))
    return effect


def _effect(out: Path, *, reload: bool) -> str | None:
    places = find_places()
    state = read_state(places)
    if state is None or (state.mode == NATIVE and not can_reload(state)):
        return None
    theirs = rules_folder(state).resolve()
    if theirs != (out / RULES).resolve():
        return (
            f"The stack that runs takes its rules from {theirs}: "
            f"`agentgauge up --config {out}` gives it these."
        )
    if state.mode != NATIVE:
        return (
            "The stack runs in containers, which have a copy of the old rules: `agentgauge down`, then "
            f"`agentgauge up --config {out}` gives them these. Its data stays."
        )
    if not reload:
        return "Not in effect yet: `agentgauge up` has the running stack read them."
    with locked(places.state / "lock", waiting=lambda: None):
        new = reload_rules(places, state)
    said = (
        "In effect: Prometheus has read the new rules." if new else "In effect: Prometheus has these rules."
    )
    return said if collector_is_current(places, state) else f"{said}\n{_COLLECTOR}"


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _restore(before: dict[Path, bytes | None]) -> None:
    for path, content in before.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)


def _listed(paths: Iterable[Path]) -> str:
    return " and ".join(map(str, paths))
