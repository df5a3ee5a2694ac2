"""What is recognised in each framework, in every way to run it; the model server's books are the judge."""

import os

import pytest
from page import FRAMEWORKS, ON_DEMAND, PAGE, render, row, rows_on_page
from team_runs import WAYS, run_teams, seen

TOOLS = (("lead", "ask_helper"), ("helper", "weather"))
pytestmark = pytest.mark.timeout(900)  # an environment may have to be made first


def _marked(framework):
    marks = [pytest.mark.xdist_group(f"framework-{framework}")]
    if framework in ON_DEMAND:
        wanted = bool(os.environ.get(f"AGENTGAUGE_TEST_{framework.upper()}"))
        marks.append(pytest.mark.skipif(not wanted, reason=f"{framework} is large: tested on demand"))
    return pytest.param(framework, marks=marks)


@pytest.fixture(scope="module", params=[_marked(name) for name in FRAMEWORKS])
def team(request, tmp_path_factory):
    """A framework's name, and what running its team in every way has left."""
    return request.param, run_teams(request.param, tmp_path_factory.mktemp("team"))


def test_every_call_is_on_its_agent_with_the_booked_numbers(team):
    _, ran = team

    assert ran.wrongly_booked() == {}
    assert {call["usage_source"] for call in ran.calls} == {"provider"}


def test_every_agent_and_every_tool_ran_as_often_as_it_did(team):
    framework, ran = team
    who_ran = [(f"{name}_{who}", tool) for names in WAYS.values() for name in names for who, tool in TOOLS]
    ends = {("final_answer", agent, "ok"): 1 for agent, _ in who_ran} if framework == "smolagents" else {}

    assert ran.agents() == {agent: 1 for agent, _ in who_ran}
    assert ran.tools() == {(tool, agent, "ok"): 1 for agent, tool in who_ran} | ends


def test_the_page_has_what_was_seen(team):
    framework, ran = team

    assert rows_on_page()[framework] == row(framework, seen(ran))


def test_the_page_is_generated():
    assert PAGE.read_text() == render(rows_on_page())
