"""`agentgauge generate`: the Collector's config, rules, dashboards and reference, from the registry."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from agentgauge.errors import AgentgaugeError

STALE = 1
_NEEDS = ("yaml", "pydantic", "grafanalib")


EXAMPLES = """\b
Examples:
  agentgauge generate           after a change of thresholds.yaml
  agentgauge generate --check   in CI
  agentgauge generate --out deploy/observability"""


@click.command(epilog=EXAMPLES)
@click.option("--check", is_flag=True, help="Write nothing; say what is stale and exit with 1.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    metavar="DIR",
    help="The folder to write below. [default: the current one]",
)
@click.option("--no-reload", is_flag=True, help="Leave a running stack with the rules that it has.")
def generate(*, check: bool, out: Path, no_reload: bool) -> int:
    """Write the Collector's config, recording and alerting rules, the dashboards and the reference page.

    Thresholds are read from DIR/dashboards/thresholds.yaml, which is written once and never overwritten.
    The rules are checked by promtool where there is one, and read by a stack that `agentgauge up` started
    with this folder; rules that are refused change nothing.
    """
    need_dashboards()
    from agentgauge.cli.effect import put_in_effect  # noqa: PLC0415  # needs the extra
    from agentgauge.generate import files  # noqa: PLC0415

    texts = files.rendered(out)
    if check:
        found = files.stale(out, texts)
        for path in found:
            click.echo(f"stale: {out / path}", err=True)
        if found:
            click.echo("Run: agentgauge generate" + ("" if out == Path() else f" --out {out}"), err=True)
        return STALE if found else 0
    written: list[str] = []
    effect = put_in_effect(out, texts, reload=not no_reload, say=written.append)
    for path in written:
        click.echo(f"wrote {path}")
    if not written:
        click.echo(f"All {len(texts)} generated files are up to date.")
    if effect:
        click.echo(effect)
    return 0


def need_dashboards() -> None:
    """AgentgaugeError with what to install where the extra `dashboards` is missing."""
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        raise AgentgaugeError(
            f"This command needs {', '.join(missing)}, which is not installed. "
            'Run: pip install "agentgauge[dashboards]"'
        )
