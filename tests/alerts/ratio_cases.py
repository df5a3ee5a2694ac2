"""The alerts on ratios of an agent's calls: each above, at and below its threshold, and in little traffic."""

from scenario import PER_CALL, WHO, Fires, Scenario, rising, series

CALLS, COST = "agentgauge_calls_total", "agentgauge_cost_usd_total"
INPUT, OUTPUT = (f"gen_ai_client_inference_usage_{part}_tokens_total" for part in ("input", "output"))


def calls(per_minute, steps=60, *, still=0, **labels):
    given = {
        "agentgauge_has_tools": "false",
        "agentgauge_outcome": "ok",
        "agentgauge_usage_source": "provider",
    }
    return series(CALLS, rising(per_minute, steps, then_still=still), **WHO, **PER_CALL, **given | labels)


def counter(name, per_minute, steps=60, *, still=0, **labels):
    return series(name, rising(per_minute, steps, then_still=still), **WHO, **PER_CALL, **labels)


def of_calls(**marked):
    """So many calls a minute, and of them those with a label."""

    def made(part, whole, steps=60, still=0):
        return calls(part, steps, still=still, **marked) | calls(whole - part, steps, still=still)

    return made


def beside_calls(name):
    def made(part, whole, steps=60, still=0):
        return calls(whole, steps, still=still) | counter(name, part, steps, still=still)

    return made


def wasted(part, whole, steps=60, still=0):
    spent = counter(COST, whole, steps, still=still, agentgauge_token_type="input")
    lost = counter("agentgauge_wasted_cost_usd_total", part, steps, still=still)
    return spent | lost | calls(whole, steps, still=still)


def estimated(part, whole, steps=60, still=0):
    by_us = counter(OUTPUT, part * 100, steps, still=still, agentgauge_usage_source="mixed")
    told = counter(INPUT, (whole - part) * 100, steps, still=still, agentgauge_usage_source="provider")
    return by_us | told | calls(whole, steps, still=still)


def unpriced(part, whole, steps=60, still=0):
    return counter(INPUT, whole, steps, still=still) | counter(
        "agentgauge_unpriced_tokens_total", part, steps, still=still
    )


ABOVE = {  # indicator: alert, severity, maker, (part, whole) above, at the threshold, summary above
    "tool_usage_ratio": (
        "ToolUsageHigh",
        "info",
        of_calls(agentgauge_has_tools="true"),
        (12, 16),
        (8, 16),
        "Agent planner in shop sends tools with 75% of its calls, above 50%.",
    ),
    "error_ratio": (
        "CallErrorsHigh",
        "critical",
        of_calls(agentgauge_outcome="error"),
        (4, 16),
        (1, 20),
        "25% of the calls of agent planner in shop fail, above 5%.",
    ),
    "missing_ratio": (
        "UsageMissing",
        "info",
        of_calls(agentgauge_usage_source="none"),
        (4, 16),
        (1, 100),
        "The tokens of 25% of the calls of agent planner in shop are unknown, above 1%.",
    ),
    "retry_ratio": (
        "RetriesHigh",
        "warning",
        beside_calls("agentgauge_retries_total"),
        (24, 16),
        (4, 20),
        "Agent planner in shop retries 1.50 times a call, above 0.20.",
    ),
    "wasted_ratio": (
        "WastedSpendHigh",
        "warning",
        wasted,
        (4, 16),
        (2, 20),
        "25% of the cost of agent planner in shop went to calls that failed or were cancelled, above 10%.",
    ),
    "estimated_ratio": (
        "UsageEstimatedHigh",
        "info",
        estimated,
        (4, 16),
        (4, 20),
        "25% of the tokens of agent planner in shop are estimates, above 20%.",
    ),
    "unpriced_ratio": (
        "UsageUnpriced",
        "info",
        unpriced,
        (4, 16),
        (0, 16),
        "25% of the tokens of agent planner in shop have no price, above 0%: their cost is unknown, not 0.",
    ),
}


def scenarios(indicator):
    alert, severity, made, above, at, summary = ABOVE[indicator]
    fires = [Fires(labels={"severity": severity, "indicator": indicator} | WHO, summary=summary)]
    yield Scenario(
        name="waits, fires above the threshold, and resolves",
        alert=alert,
        series=made(*above, steps=40, still=60),
        active={"2m": [], "30m": fires, "70m": []},
    )
    yield Scenario(
        name="silent at the threshold", alert=alert, series=made(*at), active={"30m": [], "60m": []}
    )
    yield Scenario(name="silent without data", alert=alert, series={}, active={"30m": []})
    if indicator != "unpriced_ratio":  # one call without a price is one that nobody knows the cost of
        yield Scenario(
            name="silent with 15 calls in 15 minutes",
            alert=alert,
            series=made(1, 1),
            active={"30m": [], "60m": []},
        )
