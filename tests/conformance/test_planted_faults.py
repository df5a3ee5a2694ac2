"""The comparison with the server's books turns red when a span is dropped, doubled or on the wrong agent."""

import os
from dataclasses import replace

import openai
import pytest

from agentgauge import ledger
from agentgauge.pipeline.core import Pipeline
from agentgauge.report.build import build_report
from agentgauge.store.read import Selection
from books import assert_conserved

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


def run(gauge, server, store):
    for agent in ("planner", "writer"):
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key=f"sim-{agent}")
        with gauge.agent(agent):
            for _ in range(3):
                client.chat.completions.create(**ASK)
        client.close()
    gauge.shutdown()
    report = build_report(store, Selection(run_id=os.environ["AGENTGAUGE_RUN_ID"]))
    assert_conserved(report, ledger.root.usage(), server.books.to_dict())


def dropped(call):
    return []


def doubled(call):
    return [call, replace(call, span_id=call.span_id ^ 1)]


def on_the_wrong_agent(call):
    return [replace(call, origin=replace(call.origin, agent="writer"))]


def one_token_off(call):
    return [replace(call, usage=replace(call.usage, output=call.usage.output + 1))]


def test_without_a_fault_all_agree(gauge, server, store):
    run(gauge, server, store)


@pytest.mark.parametrize("fault", [dropped, doubled, on_the_wrong_agent, one_token_off])
def test_a_planted_fault_is_found(gauge, server, store, monkeypatch, fault):
    record, seen = Pipeline.record, []

    def faulty(self, call, **rest):
        seen.append(call)
        for changed in fault(call) if len(seen) == 2 else [call]:
            record(self, changed, **rest)

    monkeypatch.setattr(Pipeline, "record", faulty)

    with pytest.raises(AssertionError):
        run(gauge, server, store)
    assert len(seen) == 6
