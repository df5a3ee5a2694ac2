"""The edges of the alerts on tools: just above and just at what they fire at, and what is over."""

from scenario import WHO, Fires, Scenario, series
from tool_cases import CALLS, OFFERS, STEPS, TOOL, TOOL_CALLS, UNUSED, offered, usual_then

LATE = f"0+1x{STEPS + 2} {STEPS + 2}x26"
"""Calls that arrive late until ten minutes into the spike."""


def spiked(times):
    summary = (
        f"Agent planner in shop calls search {times} times as often per model call as in the 24 "
        "hours before, above 3.00."
    )
    return [Fires(labels={"severity": "warning", "indicator": "tool_call_spike"} | TOOL, summary=summary)]


def _spike(name, active, found):
    return Scenario(name=name, alert="ToolUsageSpike", step="5m", series=found, active=active)


def _offers(per_step):
    """So many in steps of nine minutes, of which a day has 160."""
    definition = {"agentgauge_tool_part": "definition"}
    return series(OFFERS, f"0+{per_step}x180", **TOOL) | series(
        "agentgauge_tool_cost_usd_total", "0+0.0025x180", **TOOL, **definition
    )


SPIKE_EDGES = [
    _spike("a little over three times as often", {"26h12m": spiked("3.20"), "27h": []}, usual_then(16)),
    _spike("20 calls in ten minutes", {"26h12m": spiked("5.00")}, usual_then(10, usual=2, calls=4)),
    _spike("19 calls in ten minutes", {"26h12m": []}, usual_then(9.5, usual=2, calls=4)),
    _spike(
        "nothing arrives late any more; ten minutes of the spike are usual by now",
        {"26h12m": [], "26h24m": spiked("3.92")},
        usual_then(20) | series("agentgauge_late_calls_total", LATE, service_name="shop"),
    ),
    _spike(
        "the model calls fell, not the tool's",
        {"26h12m": spiked("4.00")},
        series(TOOL_CALLS, "0+20x340", **TOOL)
        | series(CALLS, f"0+40x{STEPS} {40 * STEPS + 10}+10x27", **WHO),
    ),
]
UNUSED_EDGES = [
    Scenario(
        name="offered in 200 calls",
        alert="ToolNeverUsed",
        step="9m",
        series=_offers(1.25),
        active={"26h": []},
    ),
    Scenario(
        name="offered in 201 calls",
        alert="ToolNeverUsed",
        step="9m",
        series=_offers(1.25625),
        active={
            "26h": [
                Fires(
                    labels=UNUSED[0].labels,
                    summary="Agent planner in shop offered search in 201 calls of the last 24h and no model "
                    "called it; its definition cost $0.4000.",
                )
            ]
        },
    ),
    Scenario(
        name="called for the last time over a day ago",
        alert="ToolNeverUsed",
        step="5m",
        series=offered(1, "0x2 1x340"),
        active={"24h": [], "26h": UNUSED},
    ),
]
