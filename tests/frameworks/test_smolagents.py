"""smolagents: known by OpenInference's spans alone, here on a provider of the user's own."""

import pytest
from team_runs import run

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("framework-smolagents")]
END = {"tool_calls": [{"name": "final_answer", "arguments": {"answer": "sunny"}}]}
ASK = {"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    rules = {f"sim-{agent}": [ASK, END] for agent in ("alone", "desk")}
    return run("smolagents", "more_smolagents", tmp_path_factory.mktemp("more"), rules=rules)


def test_every_call_is_on_its_agent_with_the_booked_numbers(ran):
    assert ran.wrongly_booked() == {}


def test_agents_of_spans_and_of_the_user_are_the_same_once(ran):
    assert ran.paths() == {"alone": 2, "desk": 2}
    assert ran.agents() == {"alone": 1, "desk": 1}
    assert ran.tools() == {
        (tool, agent, "ok"): 1 for tool in ("weather", "final_answer") for agent in ("alone", "desk")
    }


def test_the_users_exporter_has_each_span_once(ran):
    assert ran.done.stdout.strip() == "1"
