"""Below `agentgauge run`, which starts while a framework imports its client, without any code."""

import pytest
from team_runs import run_teams, seen

RUN = ("-m", "agentgauge", "run", "--")
pytestmark = pytest.mark.timeout(900)


def _of(framework):
    return pytest.param(framework, marks=pytest.mark.xdist_group(f"framework-{framework}"))


@pytest.mark.parametrize("framework", [_of(name) for name in ("openai-agents", "langchain", "pydantic-ai")])
def test_agents_and_tools_are_recognised(framework, tmp_path):
    ran = run_teams(framework, tmp_path, below=RUN)

    assert ran.wrongly_booked() == {}
    assert all(claims == ["agent", "tool", "calls"] for claims in seen(ran).values())
