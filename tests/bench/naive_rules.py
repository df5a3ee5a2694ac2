"""The same alerts without recording rules: each has its whole expression, and a number for a threshold."""

import re

import yaml

_RECORDED = re.compile(
    r'agentgauge:indicator(?::(?P<window>\d\w+))?\{indicator="(?P<name>\w+)"\}(?P<ago> offset \w+)?'
)
_SUMMED = re.compile(r'agentgauge:rate:(\w+)\{of="(\w+)"\}')
_KEPT = re.compile(r'last_over_time\(agentgauge:kept\{of="(\w+)"\}\[\w+\]\)')
_WINDOW = re.compile(r"\[\w+\]")
_APPLIED = re.compile(r'agentgauge:indicator:threshold\{indicator="(\w+)"\}')
BUDGET = "agentgauge:budget"


def naive(text):
    """Our rules (YAML) rewritten; each alert is in the group that it has in ours, all at the usual pace.

    It leaves out what would need a copy of a rule each: overrides, and further windows for panels.
    """
    groups = yaml.safe_load(text)["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    recorded = {
        (rule["record"], *rule["labels"].values()): rule["expr"] for rule in rules if "record" in rule
    }
    defaults = {
        rule["labels"]["indicator"]: rule["expr"].removeprefix("vector(").removesuffix(")")
        for rule in rules
        if rule.get("record") == "agentgauge:threshold" and list(rule["labels"]) == ["indicator"]
    }

    def whole(expression):
        expression = _APPLIED.sub(lambda found: defaults[found[1]], expression)
        expression = _SUMMED.sub(lambda found: recorded[f"agentgauge:rate:{found[1]}", found[2]], expression)
        expression = _KEPT.sub(lambda found: recorded["agentgauge:kept", found[1]], expression)
        return _RECORDED.sub(_inlined, expression)

    def _inlined(found):
        window = f":{found['window']}" if found["window"] else ""
        ago = found["ago"] or ""
        inside = whole(recorded[f"agentgauge:indicator{window}", found["name"]])
        return "(" + _WINDOW.sub(rf"\g<0>{ago}", inside) + ")"

    made = [
        {
            "name": group["name"],
            "query_offset": group["query_offset"],
            "rules": [_left(rule, whole) for rule in group["rules"] if _is_kept(rule)],
        }
        for group in groups
    ]
    return yaml.safe_dump({"groups": [group for group in made if group["rules"]]}, width=10_000)


def _is_kept(rule):
    return "alert" in rule or rule["record"] == BUDGET


def _left(rule, whole):
    return rule | {"expr": whole(rule["expr"])}
