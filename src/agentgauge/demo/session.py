"""One run of the demo's program: simulated, or live with the user's own key."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import agentgauge as ag
from agentgauge.demo import scenario
from agentgauge.demo.program import Models, Team, market_report
from agentgauge.demo.server_process import SimulatedServerProcess
from agentgauge.init import RUN_ID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from agentgauge.demo.program import Say

SERVICE = "agentgauge-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended.

    Attributes:
        run_id: what its calls carry in the store.
        books: the simulated server's own; None when the run was live.
        error: what stopped the program, Ctrl-C included.
    """

    run_id: str
    books: dict[str, Any] | None
    error: BaseException | None


def run_simulated(*, store: Path, seed: int, say: Say) -> Ended:
    """Runs the program against a simulated server of its own, which ends with it."""
    run_id, models = _run_id(), Models()
    with SimulatedServerProcess(seed=seed) as server, _no_proxy_for(server.address):
        for script in scenario.script(models):
            server.follow(script)
        team = Team(
            base_url=server.base_url,
            api_key=scenario.api_key,
            models=models,
            # As vLLM's: every chunk tells what was used so far, so a cancelled stream has a bill as well.
            stream_options={"include_usage": True, "continuous_usage_stats": True},
            say=say,
        )
        # A provider is never guessed; here the simulated server is told to be priced as OpenAI is.
        ag.init(SERVICE, store=str(store), providers={server.address: "openai"})
        error = _run(team, run_id)
        return Ended(run_id=run_id, books=server.books(), error=error)


def run_live(*, store: Path, model: str | None, say: Say) -> Ended:
    """Runs the program against the server that OPENAI_API_KEY and OPENAI_BASE_URL name."""
    run_id = _run_id()
    models = Models(planner=model, researcher=model, writer=model, memory=model) if model else Models()
    team = Team(api_key=lambda _: None, models=models, stream_options={"include_usage": True}, say=say)
    ag.init(SERVICE, store=str(store))
    return Ended(run_id=run_id, books=None, error=_run(team, run_id))


def _run(team: Team, run_id: str) -> BaseException | None:
    error: BaseException | None = None
    try:
        market_report(scenario.TOPIC, team, report_id=run_id[:8])
    except (Exception, KeyboardInterrupt) as caught:  # noqa: BLE001  # what was used until then is shown all the same
        error = caught
    ag.shutdown()
    return error


def _run_id() -> str:
    """The run's id, chosen here so that the report is of this run, whoever else writes to the store."""
    return os.environ.setdefault(RUN_ID, secrets.token_hex(8))


@contextmanager
def _no_proxy_for(address: str) -> Iterator[None]:
    """Keeps clients from asking a proxy for a server on this machine."""
    names = ("no_proxy", "NO_PROXY")
    before = {name: os.environ.get(name) for name in names}
    host = address.partition(":")[0]
    for name, value in before.items():
        os.environ[name] = f"{value},{host}" if value else host
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
