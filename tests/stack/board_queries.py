"""The dashboards' queries as Grafana would send them, to the running stack."""

import json
import re

from agentgauge.stack.shipped import shipped
from board_parts import prometheus_targets

DEMO = "agentgauge-demo"
NAMES = ("spend", "agents", "tools", "traces", "pipeline")
BOARDS = {name: json.loads(shipped(f"dashboards/{name}.json").read_text()) for name in NAMES}
RECORDED_WITHIN_S = 60
"""Rules read what others have recorded, a pulse earlier."""
TOO_YOUNG = "it compares with the day before"
NO_OVERFLOW = "the Collector writes it when the first value overflows"
WITHOUT_DATA = {
    ("tools", "Tool call spike"): TOO_YOUNG,
    ("pipeline", "Series overflow"): NO_OVERFLOW,
}
"""(dashboard, panel) -> why it is empty in a stack that has just begun."""
SOMETIMES = {("pipeline", "Telemetry stopped"): "its series are there only while the Collector is not"}
"""Panels that may be empty, and may show how the stack began."""
BUILT_IN = {"__range": "1h", "__rate_interval": "1m", "__interval": "10s"}
VARIABLES = {one["name"]: one for one in BOARDS["agents"]["templating"]["list"] if one["type"] == "query"}


def targets_of(board, title):
    """The panel of that title, and its queries."""
    found = [one for one in prometheus_targets(BOARDS[board]) if one[0]["title"] == title]
    return found[0][0], [target for _, target in found]


def filled_in(expression, **chosen):
    """With all values of every variable chosen, as a dashboard opens, or some of them."""
    everything = dict.fromkeys(VARIABLES, ".*") | {"focus": "planner|researcher"}
    values = BUILT_IN | everything | chosen
    return re.sub(r"\$\{?([a-zA-Z_]\w*)\}?", lambda found: values[found[1]], expression)


def shown(stack, board, title, *, by=(), column=None, **chosen):
    """What a panel shows of a service: {labels: value}, zeros left out."""
    panel, targets = targets_of(board, title)
    wanted = column and _value_of(panel, column)
    target = next(one for one in targets if wanted in (None, "Value", f"Value #{one['refId']}"))
    rows = stack.query(filled_in(target["expr"], **{"service": DEMO} | chosen))
    return {tuple(labels.get(name, "") for name in by): value for labels, value in rows if value}


def _value_of(panel, column):
    renamed = panel["transformations"][1]["options"]["renameByName"]
    return next(value for value, title in renamed.items() if title == column)
