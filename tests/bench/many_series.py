"""The series of a fleet of services, agents, models and tools, with the labels that the registry gives."""

from datetime import UTC, datetime, timedelta
from itertools import product

from agentgauge.registry import METRICS, MODEL, TOOL_PARTS
from agentgauge.registry_records import prometheus_label

SERVICES, MODELS_EACH, TOOLS_EACH = 8, 2, 5
MODELS = (("openai", "gpt-4o-mini"), ("openai", "gpt-5"), ("anthropic", "claude-sonnet-4-5"))
NEXT_DAY = timedelta(days=1)
CALLED = {  # what tells the calls of one agent and model apart
    "agentgauge.has_tools": ("true", "false"),
    "agentgauge.outcome": ("ok", "error"),
    "agentgauge.action": ("generate",),
    "agentgauge.usage.source": ("provider",),
    "agentgauge.tool.source": ("exact",),
    "agentgauge.token.type": ("input", "output"),
    "agentgauge.tool.part": TOOL_PARTS,
    "error.type": ("",),
    "gen_ai.workflow.name": ("ticket",),
    "gen_ai.operation.name": ("chat",),
}
BUDGETS = "budgets:\n" + "".join(
    f"  - {{service: service-{number}, usd_per_month: 500}}\n"
    f"  - {{service: service-{number}, agent: agent-{number}-0, usd_per_month: 50}}\n"
    for number in range(SERVICES)
)


def fleet(most):
    """[labels] of agents, one after another, until there are so many series."""
    found, number = {}, 0
    while len(found) < most:
        for labels in _of_agent(number):
            found.setdefault(tuple(sorted(labels.items())), labels)
        number += 1
    return list(found.values())[:most]


def months():
    """This month and the last, YYYYMM in UTC."""
    this = datetime.now(UTC).replace(day=1)
    return f"{this:%Y%m}", f"{this - NEXT_DAY:%Y%m}"


def _of_agent(number):
    service = number % SERVICES
    who = {
        "service.name": f"service-{service}",
        "deployment.environment.name": "prod",
        "gen_ai.agent.name": f"agent-{service}-{number // SERVICES}",
        "agentgauge.agent.role": "responder",
    }
    for metric in (each for each in METRICS if each.written_by == "spans"):
        for labels in product(*(_texts(name, number) for name in metric.label_names if name not in who)):
            own = {name: who[name] for name in metric.label_names if name in who}
            for name, text in labels:
                own |= (
                    dict(zip(("gen_ai.provider.name", name), text, strict=True))
                    if name == MODEL
                    else {name: text}
                )
            yield from _series(metric, {prometheus_label(name): text for name, text in own.items()})


def _texts(name, number):
    if name == MODEL:
        return [(name, MODELS[(number + each) % len(MODELS)]) for each in range(MODELS_EACH)]
    if name == "gen_ai.tool.name":
        return [(name, f"tool-{each}") for each in range(TOOLS_EACH)]
    if name == "gen_ai.provider.name":
        return [(name, "")]  # comes with the model
    if name == "agentgauge.period":
        return [(name, month) for month in months()]
    return [(name, text) for text in CALLED[name]]


def _series(metric, labels):
    """The counter, or all series of a histogram."""
    if metric.kind == "counter":
        yield {"__name__": metric.prometheus_name} | labels
        return
    for edge in (*metric.buckets, float("inf")):
        bucket = {"__name__": f"{metric.prometheus_name}_bucket", "le": f"{edge:g}".replace("inf", "+Inf")}
        yield bucket | labels
    for part in ("sum", "count"):
        yield {"__name__": f"{metric.prometheus_name}_{part}"} | labels
