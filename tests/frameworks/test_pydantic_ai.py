"""pydantic-ai: failing tools, runs left early, the user's own scopes, and its spans beside the client's."""

import pytest
from team_runs import run

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("framework-pydantic-ai")]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return run("pydantic-ai", "more_pydantic_ai", tmp_path_factory.mktemp("more"))


def test_every_call_is_on_its_agent_with_the_booked_numbers(ran):
    assert ran.wrongly_booked() == {}


def test_a_request_counts_once_beside_the_frameworks_own_spans_and_logfire(ran):
    paths = ran.paths()

    assert (paths["traced"], paths["logged"]) == (4, 2)


def test_agents_inside_the_users_own(ran):
    paths = ran.paths()

    assert (paths["desk"], paths["office/clerk"]) == (3, 1)
    assert {call["role"] for call in ran.calls if call["agent"] == "desk"} == {"responder"}


def test_each_run_of_an_agent_and_a_tool_counts_once_whoever_names_it(ran):
    agents = ran.agents()

    assert (agents["desk"], agents["traced"], agents["logged"]) == (1, 2, 1)
    assert ran.tools() == {
        ("broken", "clumsy", "error"): 1,
        ("lookup", "desk", "ok"): 1,
        ("lookup", "traced", "ok"): 2,
        ("lookup", "logged", "ok"): 1,
    }


def test_it_can_be_switched_off(tmp_path):
    ran = run("pydantic-ai", "use_pydantic_ai", tmp_path, AGENTGAUGE_FRAMEWORKS="off")

    assert (ran.agents(), ran.tools()) == ({}, {})
    assert {call["agent"] for call in ran.calls} == {"unattributed"}
