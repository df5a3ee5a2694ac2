"""`agentgauge thresholds`: what alerts fire at; see it, set it, check it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from agentgauge.cli.generate import STALE, need_dashboards
from agentgauge.cli.terminal import console
from agentgauge.errors import ConfigError
from agentgauge.registry import INDICATORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agentgauge.generate.thresholds import Override, Setting
    from agentgauge.registry_records import Indicator

_ALERTED = [found.name for found in INDICATORS if found.alert and not found.alert.fixed]
_out = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    metavar="DIR",
    help="The folder with dashboards/thresholds.yaml. [default: the current one]",
)


EXAMPLES = """\b
Examples:
  agentgauge thresholds list
  agentgauge thresholds set tool_overhead_ratio 0.25
  agentgauge thresholds set tool_overhead_ratio 0.5 --agent researcher
  agentgauge thresholds check"""


@click.group(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
def thresholds() -> None:
    """Show, set and check the thresholds of alerts (dashboards/thresholds.yaml)."""
    need_dashboards()


@thresholds.command("list")
@_out
def list_thresholds(*, out: Path) -> None:
    """Show every threshold and its overrides."""
    from rich import box  # noqa: PLC0415  # slow to import
    from rich.table import Table  # noqa: PLC0415

    from agentgauge.generate.thresholds import FILE, read  # noqa: PLC0415  # needs the extra

    settings = read(out / FILE).settings
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("Indicator", "Above", "Window", "For", "At least", "Alert"):
        table.add_column(head, overflow="fold")
    for found in INDICATORS:
        for row in _rows(found, settings[found.name]):
            table.add_row(*row)
    shown = console()
    shown.print(table)
    if not (out / FILE).is_file():
        shown.print(f"Defaults: there is no {out / FILE} yet; `agentgauge thresholds set` makes one.")


def _rows(indicator: Indicator, setting: Setting) -> Iterator[tuple[str, ...]]:
    if indicator.alert is None:
        yield (indicator.name, "", setting.window, "", "", "none")
        return
    least = [f"{setting.least_tokens:,} tokens"] if setting.least_tokens else []
    least += [f"{setting.least_calls:,} calls"] if setting.least_calls else []
    least += [f"{setting.least_agents} agents"] if setting.least_agents else []
    rest = (setting.window, setting.hold, ", ".join(least), indicator.alert.name)
    above = "" if indicator.alert.fixed else f"{setting.threshold:g}"
    yield (indicator.name, above, *rest)
    for override in setting.overrides:
        yield (f"  {_whom(override)}", f"{override.threshold:g}", "", "", "", "")


def _whom(override: Override) -> str:
    names = (("service", override.service), ("agent", override.agent), ("tool", override.tool))
    return ", ".join(f"{kind} {name}" for kind, name in names if name)


@thresholds.command("set", epilog=EXAMPLES)
@click.argument("indicator", metavar="INDICATOR", type=click.Choice(_ALERTED))
@click.argument("value", metavar="VALUE", type=float)
@click.option("--service", metavar="NAME", help="For this service only.")
@click.option("--agent", metavar="NAME", help="For this agent only.")
@click.option("--tool", metavar="NAME", help="For this tool only, where the indicator has tools.")
@_out
def set_threshold(
    *,
    indicator: str,
    value: float,
    service: str | None,
    agent: str | None,
    tool: str | None,
    out: Path,
) -> None:
    """Set a threshold and write the rules again.

    A ratio of 0.25 is 25 %. `agentgauge thresholds list` names the indicators.
    """
    from agentgauge.generate import files  # noqa: PLC0415  # needs the extra
    from agentgauge.generate.thresholds import FILE, Override  # noqa: PLC0415
    from agentgauge.generate.thresholds.text import default_text, with_threshold  # noqa: PLC0415

    whose = Override(threshold=value, service=service, agent=agent, tool=tool)
    override = whose if any(whose.whom) else None
    path = out / FILE
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else default_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    text = with_threshold(text, indicator=indicator, override=override, value=value, name=str(path))
    files.write_text(path, text)
    written = [str(out / name) for name in files.write(out, files.rendered_rules(out))]
    whom = f" for {_whom(override)}" if override else ""
    click.echo(f"{indicator} alerts above {value:g}{whom}.")
    click.echo(f"Wrote {', '.join([str(path), *written])}.")
    click.echo("In effect after `agentgauge up` here, or a reload of your own Prometheus.")


@thresholds.command()
@_out
def check(*, out: Path) -> int:
    """Check the file and its rules.

    The exit status is 2 where the file is wrong, 1 where the rules do not follow it yet.
    """
    from agentgauge.generate import files  # noqa: PLC0415  # needs the extra
    from agentgauge.generate.thresholds import FILE  # noqa: PLC0415

    stale = files.stale(out, files.rendered_rules(out))
    for path in stale:
        click.echo(f"stale: {out / path} does not follow {out / FILE}. Run: agentgauge generate", err=True)
    if not stale:
        click.echo(f"{out / FILE} is valid, and the rules follow it.")
    return STALE if stale else 0
