"""Two services, real processes over real HTTP: one trace, one workflow and one agent path over both."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import services
from agentgauge.demo.simulated import SimulatedServer
from books import SUMS, booked, recorded, rows

EXAMPLE = Path(__file__).parents[2] / "examples" / "two_services"
pytestmark = pytest.mark.xdist_group("services")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """What the example printed, the store of both services, and the server's books."""
    store = tmp_path_factory.mktemp("services") / "store.sqlite"
    with SimulatedServer(seed=5) as server:
        there = services.settings(server, store, key="sim-researcher")
        with services.serving("researcher:app", folder=EXAMPLE, env=there) as url:
            here = services.settings(server, store, key="sim-planner") | {"RESEARCHER_URL": url}
            done = subprocess.run(
                [services.python(), EXAMPLE / "planner.py"],
                env=here,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        assert (done.returncode, done.stderr) == (0, "")
        yield done.stdout, store, server.books.to_dict()


def calls(store, service):
    return [call for call in rows(store) if call["service"] == service]


def test_each_service_recorded_what_the_server_booked_for_it(ran):
    _, store, books = ran

    for service, requests in (("planner", 1), ("researcher", 2)):
        book = books["by_api_key"][f"sim-{service}"]
        assert recorded(calls(store, service)) == booked(book)
        assert book["requests"] == requests


def test_the_agent_path_goes_over_both(ran):
    _, store, _ = ran

    assert [(c["service"], c["agent_path"], c["agent"], c["role"]) for c in rows(store)] == [
        ("researcher", "planner", "planner", "planner"),  # outside any agent there: the caller's
        ("researcher", "planner/researcher", "researcher", "responder"),
        ("planner", "planner", "planner", "planner"),
    ]


def test_the_workflow_and_the_trace_are_the_callers(ran):
    _, store, _ = ran
    scopes = {scope["name"]: scope for scope in rows(store, "SELECT * FROM scopes")}

    assert {(call["workflow"], call["workflow_id"]) for call in rows(store)} == {("report", "R-7")}
    assert {call["trace_id"] for call in rows(store)} == {scopes["report"]["trace_id"]}
    assert scopes["researcher"]["parent_span_id"] == scopes["planner"]["span_id"]
    # The call outside any agent hangs below the caller's agent as well.
    assert rows(store)[0]["parent_span_id"] == scopes["planner"]["span_id"]


def test_the_callers_usage_is_of_its_own_process(ran):
    printed, _, books = ran
    own = books["by_api_key"]["sim-planner"]

    assert printed == f"{own['input_tokens']} in, {own['output_tokens']} out in this process\n"


def test_the_report_of_both_shows_one_workflow(ran):
    _, store, books = ran
    report = [sys.executable, "-m", "agentgauge", "report", "--store", store, "--since", "1h"]

    told = subprocess.run([*report, "--format", "json"], capture_output=True, text=True, check=True)
    built = json.loads(told.stdout)
    (workflow,) = built["workflows"]

    assert (workflow["workflow"], workflow["id"], workflow["calls"]) == ("report", "R-7", 3)
    assert {row["agent"]: row["calls"] for row in built["agents"]} == {"planner": 2, "researcher": 1}
    for name in (*SUMS, "requests"):
        assert (built["totals"][name] or 0) == (workflow[name] or 0) == (books[name] or 0), name
