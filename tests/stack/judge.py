"""Compares the last raw samples in Prometheus with the simulated server's own books.

Everything is an integer: tokens, requests, and money in nano-USD.
"""

from collections import Counter

from genai_prices import Usage, calc_price

COUNTERS = {
    "requests": ("agentgauge_calls_total", "agentgauge_retries_total"),
    "input_tokens": ("gen_ai_client_inference_usage_input_tokens_total",),
    "output_tokens": ("gen_ai_client_inference_usage_output_tokens_total",),
    "reasoning_tokens": ("gen_ai_client_inference_usage_reasoning_output_tokens_total",),
    "cache_read_tokens": ("gen_ai_client_inference_usage_cache_read_input_tokens_total",),
    "cost_nanousd": ("agentgauge_cost_usd_total",),
}
TOOL_PARTS = ("definition", "new_result", "carried_result", "call", "carried_call")
TOOL_CALLS = {"search": 2, "fetch": 1, "percent_change": 1}
"""What the demo's scenario has the simulated model ask for, in one run."""


def told(reports):
    """(kind, name, field) -> what the server told in these runs of the demo; the total has no name."""
    sums = Counter()
    for report in reports:
        for key, agent in report["simulated_server"]["by_api_key"].items():
            for model, counts in agent["by_model"].items():
                values = {name: counts[name] or 0 for name in COUNTERS if name != "cost_nanousd"}
                values["cost_nanousd"] = price_nanousd(model, counts)
                _add(sums, values, agent=key.removeprefix("sim-"), model=model)
    return +sums


def price_nanousd(model, counts):
    """By the public price list. The demo's models have whole nano-USD a token, so sums are exact."""
    usage = Usage(
        input_tokens=counts["input_tokens"],
        output_tokens=counts["output_tokens"],
        cache_read_tokens=counts["cache_read_tokens"],
    )
    nanousd = calc_price(usage, model_ref=model, provider_id="openai").total_price * 10**9
    assert nanousd == int(nanousd)
    return int(nanousd)


def measured(stack, service):
    """The same from Prometheus."""
    sums = Counter()
    for field, names in COUNTERS.items():
        scale = 10**9 if field == "cost_nanousd" else 1
        for name in names:
            for labels, value in stack.query(f'{name}{{service_name="{service}"}}'):
                agent, model = labels["gen_ai_agent_name"], labels["gen_ai_request_model"]
                _add(sums, {field: round(scale * value)}, agent=agent, model=model)
    return +sums


def _add(sums, values, *, agent, model):
    for field, value in values.items():
        for kind, name in (("agent", agent), ("model", model), ("total", "")):
            sums[kind, name, field] += value


def differences(stack, service, reports):
    """{(kind, name, field): (told, measured)} where they differ; empty when all agree."""
    return compared(told(reports), measured(stack, service))


def compared(right, found):
    """{key: (right, found)} where two books differ."""
    assert len(right) > 20, "the books are empty, so there is nothing to compare with"
    keys = sorted({*right, *found})
    return {key: (right[key], found[key]) for key in keys if right[key] != found[key]}


def wrong(prometheus, requests, *, times):
    """The same for copies of `call_spans.Requests`, tools included: what they hold, what Prometheus has."""
    found = measured(prometheus, requests.service)
    for (tool, field), count in tools_measured(prometheus, requests.service).items():
        if field in TOOL_PARTS:
            found["tool", tool, field] = count
    return compared(requests.told(times), found)


def tools_told(reports):
    """(tool, what) -> calls by the scenario, tokens and cost by the reports, which are judged elsewhere."""
    sums = Counter({(tool, "calls"): calls * len(reports) for tool, calls in TOOL_CALLS.items()})
    for report in reports:
        for row in report["tools"]:
            sums[row["tool"], "offers"] += row["offers"]
            sums[row["tool"], "cost_nanousd"] += row["cost_nanousd"]
            for part in TOOL_PARTS:
                sums[row["tool"], part] += row[f"{part}_tokens"]
    return +sums


def tools_measured(stack, service):
    """The same from Prometheus."""
    sums = Counter()
    for what, scale in (("tokens", 1), ("calls", 1), ("offers", 1), ("cost_usd", 10**9)):
        for labels, value in stack.query(f'agentgauge_tool_{what}_total{{service_name="{service}"}}'):
            field = {"tokens": labels.get("agentgauge_tool_part"), "cost_usd": "cost_nanousd"}.get(what, what)
            sums[labels["gen_ai_tool_name"], field] += round(scale * value)
    return +sums
