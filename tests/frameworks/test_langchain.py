"""LangChain and LangGraph: nodes, streams that give control back, failing tools, other instrumentation."""

import pytest
from team_runs import run

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("framework-langchain")]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return run("langchain", "more_langchain", tmp_path_factory.mktemp("more"))


def test_every_call_is_on_its_agent_with_the_booked_numbers(ran):
    assert ran.wrongly_booked() == {}


def test_nodes_are_steps_and_outside_any_agent_the_agents(ran):
    steps = {(call["agent"], call["step"]) for call in ran.calls if call["step"]}

    assert steps == {
        ("planner", "planner"),
        ("writer", "writer"),
        ("editor", "editor"),
        ("team", "team"),
    }


def test_an_agent_without_a_name_is_its_node_or_the_agent_around_it(ran):
    paths = ran.paths()

    assert (paths["editor"], paths["office/team/editor"], paths["office/team"]) == (2, 1, 1)
    assert paths["desk"] == 4


def test_each_run_of_a_tool_counts_once_whoever_names_it(ran):
    assert ran.tools() == {
        ("broken", "clumsy", "error"): 1,
        ("lookup", "streamer", "ok"): 1,
        ("lookup", "desk", "ok"): 2,
        ("lookup", "traced", "ok"): 1,
        ("lookup", "bot", "ok"): 5,
        ("approve", "asker", "ok"): 2,
    }


def test_a_graph_that_waits_for_a_human_has_not_failed(ran):
    assert [s["status"] for s in ran.scopes if s["agent"] == "asker"] == ["ok"] * 4


def test_code_between_the_steps_of_a_stream_is_in_no_agent(ran):
    assert sum(call["agent"] == "unattributed" for call in ran.calls) == 3


def test_what_follows_an_agent_in_the_same_task_is_the_users_again(ran):
    mine = [call for call in ran.calls if call["agent"] == "mine"]

    assert len(mine) > 4
    assert {(call["agent_path"], call["workflow_id"]) for call in mine} == {("mine", "A-1")}
    stopped = [scope["agent"] for scope in ran.scopes if scope["name"] == "stopped by the budget"]
    assert stopped == ["mine", "mine"]
