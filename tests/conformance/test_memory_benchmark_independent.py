"""The memory agents against mock-ai-api: whatever it answers, its log counts what a trial says."""

import pytest

from memory_agents import interpreter, run_trials

pytest_plugins = ["independent"]
pytestmark = pytest.mark.xdist_group("mock-ai-api")

# How often each asks: the updater never gets JSON, and the model never stops to want its tool.
REQUESTS = {"provider_wrapper": 3, "responder_updater": 2 + 2 * 5, "langchain_react": 6, "lightmem_like": 16}


@pytest.mark.parametrize("agent", REQUESTS)
def test_the_servers_log_counts_the_calls_of_the_trial(agent, independent, requests_seen, tmp_path):
    url, _ = independent
    said = run_trials(
        interpreter("openai 3", agent), agent, "serial", ["any"],
        url=url, folder=tmp_path, AGENT_MODEL="gpt-4o-mini:mock-tool-call",
    )  # fmt: skip
    used = said["used"]["any"]

    assert requests_seen() == REQUESTS[agent] == used["llm_usage"]["total_calls"]
    assert used["llm_usage_details"]["retries"] == 0
    assert used["llm_usage_details"]["source"] == "provider"
    assert said["ledger"]["calls"] == REQUESTS[agent]
