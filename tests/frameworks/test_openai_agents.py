"""OpenAI Agents SDK: handoffs, failing tools, the user's own scopes, and tracing of the user's."""

import pytest
from team_runs import run

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("framework-openai-agents")]
RULES = {"sim-triage": [{"tool_calls": [{"name": "transfer_to_billing", "arguments": {}}]}]}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return run("openai-agents", "more_openai_agents", tmp_path_factory.mktemp("more"), rules=RULES)


def test_every_call_is_on_its_agent_with_the_booked_numbers(ran):
    assert ran.wrongly_booked() == {}


def test_a_handoff_and_agents_inside_the_users_own(ran):
    assert ran.paths() == {
        "triage": 1,
        "billing": 1,
        "clumsy": 2,
        "desk": 2,
        "office/clerk": 1,
        "traced": 2,
        "twice_traced": 2,
    }


def test_each_run_of_an_agent_and_a_tool_counts_once_whoever_names_it(ran):
    assert ran.agents() == dict.fromkeys(
        ("triage", "billing", "clumsy", "desk", "office", "clerk", "traced", "twice_traced"), 1
    )
    assert ran.tools() == {
        ("broken", "clumsy", "error"): 1,
        ("lookup", "desk", "ok"): 1,
        ("lookup", "traced", "ok"): 1,
        ("lookup", "twice_traced", "ok"): 1,
    }
    assert {s["error_type"] for s in ran.scopes if s["status"] == "error"} == {"ValueError"}


def test_a_tracing_processor_of_the_users_hears_what_it_would(ran):
    assert int(ran.done.stdout) > 0
