"""The last raw samples in Prometheus, judged by the simulated server's books (laws 1 and 2)."""

import time

import doctored
import pytest
from eventually import eventually
from judge import differences, tools_measured, tools_told

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(3000)]
DEMO = "agentgauge-demo"
FED_BY_THE_DEMO = {
    "agentgauge_calls_total",
    "agentgauge_cost_usd_total",
    "agentgauge_retries_total",
    "agentgauge_spend_usd_total",
    "agentgauge_tool_calls_total",
    "agentgauge_tool_cost_usd_total",
    "agentgauge_tool_offers_total",
    "agentgauge_tool_tokens_total",
    "agentgauge_wasted_cost_usd_total",
    "agentgauge_wasted_tokens_total",
    "gen_ai_client_inference_duration_seconds_count",
    "gen_ai_client_inference_time_to_first_chunk_seconds_count",
    "gen_ai_client_inference_usage_cache_read_input_tokens_total",
    "gen_ai_client_inference_usage_input_tokens_total",
    "gen_ai_client_inference_usage_output_tokens_total",
    "gen_ai_client_inference_usage_reasoning_output_tokens_total",
    "gen_ai_execute_tool_duration_seconds_count",
    "gen_ai_invoke_agent_duration_seconds_count",
    "gen_ai_invoke_workflow_duration_seconds_count",
}
PLANNERS = {("agent", "planner"), ("model", "gpt-4.1"), ("total", "")}


def test_every_agent_model_and_total_is_what_the_server_told(stack, reports):
    eventually(lambda: differences(stack, DEMO, reports) or "none", "none")


def test_every_tool_is_what_the_model_asked_for_and_the_report_says(stack, reports):
    eventually(lambda: tools_measured(stack, DEMO), tools_told(reports))


def test_spans_that_are_sent_twice_count_once(stack, wire):
    report, bodies = wire
    batch = doctored.replayed(bodies, "sent-twice")

    for _ in range(2):
        stack.send(batch)
    stack.send(doctored.replayed(bodies, "sent-after"))

    eventually(lambda: differences(stack, "sent-after", [report]) or "none", "none")
    assert differences(stack, "sent-twice", [report]) == {}


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        (doctored.dropped, PLANNERS),
        (doctored.doubled, PLANNERS),
        (doctored.one_token_more, PLANNERS),
        (doctored.on_the_wrong_agent, {("agent", "planner"), ("agent", "writer")}),
    ],
)
def test_a_planted_fault_turns_the_comparison_red(stack, wire, fault, wrong):
    report, bodies = wire
    service = f"fault-{fault.__name__}"

    stack.send(doctored.replayed(bodies, service, fault=fault))

    eventually(lambda: {key[:2] for key in differences(stack, service, [report])}, wrong)


def _of_demo(found):
    return found["seriesLabels"]["service_name"] == DEMO


@pytest.mark.parametrize(
    "series",
    ["agentgauge_calls_total", "gen_ai_client_inference_duration_seconds_bucket"],
)
def test_a_point_links_to_a_span_that_was_kept(stack, reports, kept, series):
    def linked():
        found = stack.prometheus("query_exemplars", query=series, start=time.time() - 3600, end=time.time())
        links = (link for one in found if _of_demo(one) for link in one["exemplars"])
        return {(link["labels"]["trace_id"], link["labels"]["span_id"]) for link in links}

    links = eventually(linked)
    eventually(lambda: links <= {(span["trace"], span["id"]) for span in kept.spans(DEMO)})


@pytest.mark.parametrize("metric", sorted(FED_BY_THE_DEMO))
def test_a_metric_of_the_contract_arrives(stack, reports, metric):
    eventually(lambda: stack.query(f'{metric}{{service_name="{DEMO}"}}'), within_s=10)
