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


def _alerted(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The name of an indicator whose threshold can be set; else what it may have been meant to be."""
    from agentgauge.generate.thresholds.closest import closest  # noqa: PLC0415  # needs the extra

    if value in _ALERTED:
        return value
    meant = closest(value, _ALERTED)
    options = f"Did you mean {meant}?" if meant else f"There are {', '.join(_ALERTED)}."
    known = value in {found.name for found in INDICATORS}
    what = "has no threshold that could be set" if known else "is no indicator"
    raise click.BadParameter(f"{value} {what}. {options}", ctx, param)


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
@click.argument("indicator", metavar="INDICATOR", callback=_alerted)
@click.argument("value", metavar="VALUE", type=float)
@click.option("--service", metavar="NAME", help="For this service only.")
@click.option("--agent", metavar="NAME", help="For this agent only.")
@click.option("--tool", metavar="NAME", help="For this tool only, where the indicator has tools.")
@click.option("--new", is_flag=True, help="The name is right, though nothing has been recorded under it yet.")
@click.option("--no-reload", is_flag=True, help="Leave a running stack with the rules that it has.")
@_out
def set_threshold(
    *,
    indicator: str,
    value: float,
    service: str | None,
    agent: str | None,
    tool: str | None,
    new: bool,
    no_reload: bool,
    out: Path,
) -> None:
    """Set a threshold, write the rules again, and have a running stack read them.

    A ratio of 0.25 is 25 %. `agentgauge thresholds list` names the indicators. The rules are checked by
    promtool where there is one; rules that are refused change nothing.
    """
    from agentgauge.cli.effect import NO_STACK, put_in_effect  # noqa: PLC0415  # needs the extra
    from agentgauge.generate import files  # noqa: PLC0415
    from agentgauge.generate.rules import rules  # noqa: PLC0415
    from agentgauge.generate.thresholds import FILE, Override, parse  # noqa: PLC0415
    from agentgauge.generate.thresholds.text import default_text, with_threshold  # noqa: PLC0415

    whose = Override(threshold=value, service=service, agent=agent, tool=tool)
    override = whose if any(whose.whom) else None
    path = out / FILE
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else default_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    text = with_threshold(text, indicator=indicator, override=override, value=value, name=str(path))
    _need_seen(whose, new=new)
    texts = {FILE: text, files.RULES: rules(parse(text, name=str(path)))}
    written: list[str] = []
    effect = put_in_effect(out, texts, reload=not no_reload, say=written.append)
    whom = f" for {_whom(override)}" if override else ""
    click.echo(f"{indicator} alerts above {value:g}{whom}.")
    click.echo(f"Wrote {', '.join(written)}." if written else "The files say so already.")
    click.echo(effect or NO_STACK.format(rules=out / files.RULES))


def _need_seen(override: Override, *, new: bool) -> None:
    """ConfigError for what looks like a mistyped name; a line on stderr for any other unknown one."""
    from agentgauge.cli.seen import unseen  # noqa: PLC0415  # reads the store

    for found in unseen([override]):
        if found.meant and not new:
            raise ConfigError(
                f"No {found.kind} called {found.name} has been recorded here. Did you mean {found.meant}? "
                "If the name is right: --new"
            )
        click.echo(f"note: no {found.kind} called {found.name} has been recorded here yet.", err=True)


@thresholds.command()
@_out
def check(*, out: Path) -> int:
    """Check the file, the generated files, and the rules by promtool where there is one.

    The exit status is 2 where the file is wrong or the rules are refused, 1 where a generated file does not
    follow.
    """
    from agentgauge.cli.effect import asked, refusal  # noqa: PLC0415  # needs the extra
    from agentgauge.cli.seen import unseen  # noqa: PLC0415
    from agentgauge.generate import files  # noqa: PLC0415
    from agentgauge.generate.thresholds import FILE, read  # noqa: PLC0415
    from agentgauge.stack.promtool import NONE_FOUND  # noqa: PLC0415

    path = out / FILE
    settings = read(path)
    click.echo(f"{path} is valid." if path.is_file() else f"There is no {path}: the defaults hold.")
    for found in unseen(each for setting in settings.settings.values() for each in setting.overrides):
        meant = f" Did you mean {found.meant}?" if found.meant else ""
        said = f"note: {path}: no {found.kind} called {found.name} has been recorded here.{meant}"
        click.echo(said, err=True)
    texts = files.rendered(out)
    stale = [name for name in files.stale(out, texts) if name == files.RULES or (out / name).exists()]
    for name in stale:
        click.echo(f"stale: {out / name}", err=True)
    if stale:
        click.echo("Run: agentgauge generate" + ("" if out == Path() else f" --out {out}"), err=True)
    verdict = asked(out, texts[files.RULES])
    if verdict is not None and verdict.refused:
        raise ConfigError(refusal(verdict))
    if verdict is None:
        click.echo(NONE_FOUND)
    else:
        noun = "file" if verdict.files == 1 else "files"
        click.echo(f"The rules ({verdict.files} {noun}) are valid: {verdict.found.path} says so.")
    return STALE if stale else 0
