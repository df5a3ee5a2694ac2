"""Tools over a day: 26 hours of the usual, in steps of five minutes, and what comes after."""

from scenario import WHO, Fires, Scenario, series

TOOL = WHO | {"gen_ai_tool_name": "search"}
STEPS = 312
CALLS, TOOL_CALLS = "agentgauge_calls_total", "agentgauge_tool_calls_total"
OFFERS = "agentgauge_tool_offers_total"
SPIKE = [
    Fires(
        labels={"severity": "warning", "indicator": "tool_call_spike"} | TOOL,
        summary="Agent planner in shop calls search 4.00 times as often per model call as in the 24 "
        "hours before, above 3.00.",
    )
]
UNUSED = [
    Fires(
        labels={"severity": "info", "indicator": "unused_tool"} | TOOL,
        summary="Agent planner in shop offered search in 288 calls of the last 24h and no model called it; "
        "its definition cost $0.7200.",
    )
]


def usual_then(tool_calls, *, usual=5, calls=10, steps=6):
    """A tool that is called in half of the calls, then so often for half an hour, then as before."""
    before, during = usual * STEPS, usual * STEPS + tool_calls * steps
    values = f"0+{usual}x{STEPS} {before + tool_calls}+{tool_calls}x{steps - 1} {during + usual}+{usual}x20"
    return series(TOOL_CALLS, values, **TOOL) | series(CALLS, f"0+{calls}x340", **WHO)


def offered(per_step, called="0x340"):
    return (
        series(OFFERS, f"0+{per_step}x340", **TOOL)
        | series(TOOL_CALLS, called, **TOOL)
        | series("agentgauge_tool_cost_usd_total", "0+0.0025x340", **TOOL, agentgauge_tool_part="definition")
        | series("agentgauge_tool_cost_usd_total", "0+7x340", **TOOL, agentgauge_tool_part="call")
    )


def _spike(name, active, found, **more):
    return Scenario(
        name=name, alert="ToolUsageSpike", step="5m", series=found | more.get("beside", {}), active=active
    )


SPIKE_SCENARIOS = [
    _spike("four times as often, for half an hour", {"26h": [], "26h12m": SPIKE, "27h": []}, usual_then(20)),
    _spike("three times as often", {"26h12m": []}, usual_then(15)),
    _spike("four times as often, in few calls", {"26h12m": []}, usual_then(8, usual=2, calls=4)),
    _spike(
        "a tool that came an hour ago",
        {"26h12m": []},
        series(TOOL_CALLS, f"_x{STEPS - 12} 0+5x12 80+20x6", **TOOL) | series(CALLS, "0+10x340", **WHO),
    ),
    _spike(
        "calls that arrive late",
        {"26h12m": []},
        usual_then(20),
        beside=series("agentgauge_late_calls_total", "0+1x340", service_name="shop"),
    ),
]
UNUSED_SCENARIOS = [
    Scenario(
        name="offered in 288 calls, called in none",
        alert="ToolNeverUsed",
        step="5m",
        series=offered(1),
        active={"6h": [], "26h": UNUSED},
    ),
    Scenario(
        name="called once",
        alert="ToolNeverUsed",
        step="5m",
        series=offered(1, "0x100 1x240"),
        active={"26h": []},
    ),
    Scenario(
        name="offered in 198 calls",
        alert="ToolNeverUsed",
        step="5m",
        series=offered(0.6875),
        active={"26h": []},
    ),
]
