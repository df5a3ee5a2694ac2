"""The command `agentgauge`. A subcommand is imported when it is used, so that `--help` stays fast."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module

import click

from agentgauge._version import __version__
from agentgauge.errors import AgentgaugeError

COMMANDS = {
    "report": ("agentgauge.cli.report:report", "Show what agents, tools and models used and cost."),
    "run": ("agentgauge.cli.run:run", "Run a program and print the bill of its calls."),
    "doctor": ("agentgauge.cli.doctor:doctor", "Say what is set and found, and what is wrong."),
    "demo": ("agentgauge.cli.demo:demo", "Run a small team of agents and show its bill."),
    "generate": ("agentgauge.cli.generate:generate", "Write the Collector's config, rules and dashboards."),
    "thresholds": ("agentgauge.cli.thresholds:thresholds", "Show, set and check what alerts fire at."),
    "up": ("agentgauge.cli.up:up", "Start Collector, Prometheus, Alertmanager, Tempo and Grafana here."),
    "down": ("agentgauge.cli.down:down", "Stop what `up` started."),
    "status": ("agentgauge.cli.down:status", "Show what of it runs, and where."),
    "logs": ("agentgauge.cli.down:logs", "Show its logs."),
}
"""Name -> (module:attribute, one line for --help)."""

_INTERRUPTED = 130  # what a shell makes of SIGINT
_FAILED = 1


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="agentgauge", message="%(prog)s %(version)s")
def agentgauge() -> None:
    """What every agent, tool and model call costs."""


def main() -> None:
    """Runs the command line and exits: 2 for what the user can correct, with one line that says how."""
    try:
        status = _run()
        if sys.stdout is not None:  # None where it is closed
            sys.stdout.flush()
    except BrokenPipeError:
        _write_nowhere()
        status = 0
    except OSError as error:
        _write_nowhere()
        what = str(error) if error.filename else f"The output cannot be written: {error.strerror or error}."
        with suppress(OSError):
            _say(what, status=_FAILED)
        status = _FAILED
    except (KeyboardInterrupt, click.Abort):
        status = _INTERRUPTED
    sys.exit(status)


def _write_nowhere() -> None:
    """Python flushes stdout once more at its end."""
    if sys.stdout is not None:  # as above
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run() -> int:
    try:
        # Not click's own main(), which exits with 1 when the reader of a pipe has gone.
        with agentgauge.make_context("agentgauge", sys.argv[1:]) as context:
            status = agentgauge.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _say(error.format_message(), status=error.exit_code, context=getattr(error, "ctx", None))
    except AgentgaugeError as error:
        return _say(str(error), status=2)
    return status if isinstance(status, int) else 0


def _say(message: str, *, status: int, context: click.Context | None = None) -> int:
    click.echo(f"error: {message}", err=True)
    if context is not None:
        click.echo(f"Try: {context.command_path} --help", err=True)
    return status
