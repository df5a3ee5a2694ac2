"""What series the dashboards can ask for: name -> (kind, labels), from the registry and the Collector."""

from agentgauge.generate import collector_health
from agentgauge.generate.promql import APPLIED, BUDGET, RATIO
from agentgauge.registry import METRICS
from agentgauge.registry_records import LABELS, prometheus_label

_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count")}
_RECORDED = {"indicator", *LABELS.values()}


def _of_registry():
    for found in METRICS:
        labels = {prometheus_label(name) for name in found.label_names}
        for suffix in _SUFFIXES.get(found.kind, ("",)):
            more = {"le"} if suffix == "_bucket" else set()
            kind = "gauge" if found.kind == "gauge" else "counter"
            yield f"{found.prometheus_name}{suffix}", (kind, labels | more)


def _of_collector():
    yield from ((name, ("counter", set())) for name in collector_health.COUNTERS)
    yield f"{collector_health.COMMITS}_bucket", ("counter", {"le"})
    yield from ((name, ("gauge", {"metric", "exporter", "data_type"})) for name in collector_health.GAUGES)


REGISTERED = dict(_of_registry())
COLLECTOR = dict(_of_collector())
RECORDED = dict.fromkeys((RATIO, APPLIED), ("gauge", _RECORDED)) | {
    BUDGET: ("gauge", {LABELS[name] for name in ("service", "agent")})
}
KNOWN = REGISTERED | COLLECTOR | RECORDED
