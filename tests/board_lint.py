"""The dashboards' own lint: the rules of dashboard-linter, and what no other check finds.

Each rule takes a dashboard and gives what is wrong with it, in words.
"""

import re

from agentgauge.call import Outcome, UsageSource
from agentgauge.generate import uids
from agentgauge.generate.queries import CHOICES, OUTCOME_LABEL, PART_LABEL, SOURCE_LABEL
from agentgauge.registry import TOOL_PARTS
from board_parts import keys, labels_of, panels, prometheus_targets, selectors, texts
from board_series import COLLECTOR, KNOWN, REGISTERED

PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
TEMPO = {"type": "tempo", "uid": "${traces}"}
UNITS = {"percentunit", "currencyUSD", "short", "s", "ns", "cps", "bytes", "time:MM-DD HH:mm:ss"}
OF_SPANS = {"traceIdHidden", "traceService", "traceName", "spanID", "time", "name", "duration"}
"""Columns of each table of spans that Grafana's Tempo data source makes."""
REDUCERS = {"lastNotNull", "last", "sum", "mean", "max", "min"}
TRANSFORMATIONS = {"merge", "organize", "labelsToFields", "convertFieldType", "calculateField"}
MATCHERS = {"byName", "byFrameRefID"}
BUILT_IN = {"__range", "__rate_interval", "__interval", "__url_time_range", "__field.name", "__value.text"}
LEGACY = {
    "aliasColors",
    "columns",
    "hideControls",
    "intervalFactor",
    "rows",
    "sharedCrosshair",
    "span",
    "styles",
}
LEGACY |= {"gnetId", "valueMaps", "xaxis", "yaxes", "minSpan", "tagsQuery", "__inputs"}
UIDS = {uids.SPEND, uids.AGENTS, uids.TOOLS, uids.TRACES, uids.PIPELINE}
ONCE = {"stat", "bargauge", "table"}
VALUES = {OUTCOME_LABEL: {*Outcome}, SOURCE_LABEL: {*UsageSource}, PART_LABEL: {*TOOL_PARTS}}
"""Of labels that have few: overrides may name them."""


def titles_and_ids(board):
    rows = [one for one in board["panels"] if one["type"] == "row"]
    ids = [one["id"] for one in (*rows, *panels(board))]
    if len(set(ids)) != len(ids):
        yield "two panels have one id"
    names = [panel["title"] for panel in panels(board)]
    yield from (f"title {one!r} twice" for one in {*names} if names.count(one) > 1)
    for panel in panels(board):
        if not panel["title"] or not panel["description"].endswith("."):
            yield f"{panel['title']!r} does not explain itself"


def places(board):
    taken = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        if cells & taken or at["x"] + at["w"] > 24:
            yield f"{panel['title']!r} lies over another panel, or outside"
        taken |= cells


def data_sources(board):
    for panel in panels(board):
        found = [panel.get("datasource"), *(one["datasource"] for one in panel.get("targets", []))]
        wrong = [one for one in found if one not in (PROMETHEUS, TEMPO)]
        if wrong and panel["type"] != "alertlist":
            yield f"{panel['title']!r} asks {wrong[0]}, not the chosen data source"


def known_ids(board):
    for panel in panels(board):
        title, config = panel["title"], panel.get("fieldConfig", {"defaults": {}, "overrides": []})
        used = {one["id"]: one["value"] for override in config["overrides"] for one in override["properties"]}
        named = {used.get("unit"), config["defaults"].get("unit")} - {None}
        yield from (f"{title!r}: no unit {one!r}" for one in named - UNITS)
        if panel["type"] in ONCE | {"timeseries"} and "unit" not in config["defaults"]:
            yield f"{title!r} has no unit"
        reducers = set(panel["options"].get("reduceOptions", {}).get("calcs", []))
        yield from (f"{title!r}: no reducer {one!r}" for one in reducers - REDUCERS)
        steps = {one["id"] for one in panel.get("transformations", [])}
        yield from (f"{title!r}: no transformation {one!r}" for one in steps - TRANSFORMATIONS)
        matchers = {one["matcher"]["id"] for one in config["overrides"]}
        yield from (f"{title!r}: no matcher {one!r}" for one in matchers - MATCHERS)


def overrides_match(board):
    for panel in panels(board):
        there = {one["refId"] for one in panel.get("targets", [])}
        for target in panel.get("targets", []):
            there |= set(re.findall(r'"series", "([^"]+)", "", ""', target.get("expr", "")))
        for step in panel.get("transformations", []):
            there |= set(step["options"].get("renameByName", {}).values())
            there |= {step["options"].get("alias")}
            there |= VALUES.get(step["options"].get("valueLabel"), set())
        if panel.get("datasource") == TEMPO:
            there |= _attributes(panel) | OF_SPANS
        for override in panel.get("fieldConfig", {}).get("overrides", []):
            wanted = override["matcher"]["options"]
            if wanted not in there:
                yield f"{panel['title']!r}: the override of {wanted!r} matches nothing"


def _attributes(panel):
    """What a panel of Tempo selects."""
    selected = [re.search(r"select\(([^)]*)\)", one["query"]) for one in panel["targets"]]
    return {name.removeprefix("span.") for one in selected if one for name in one[1].split(", ")}


def transformations_match(board):
    for panel in panels(board):
        targets = {one["refId"]: one for one in panel.get("targets", [])}
        for step in panel.get("transformations", []):
            if step["id"] == "convertFieldType":
                named = {one["targetField"] for one in step["options"]["conversions"]}
                yield from _missing(panel, named, _attributes(panel))
            if step["id"] == "calculateField":
                yield from _missing(panel, {step["options"]["binary"]["left"]}, _attributes(panel))
            if step["id"] == "organize" and panel["datasource"] != TEMPO:
                values = {"Value"} if len(targets) == 1 else {f"Value #{one}" for one in targets}
                kept = set().union(*(labels_of(one["expr"]) for one in targets.values()))
                yield from _missing(panel, set(step["options"]["renameByName"]), values | kept)
            if step["id"] == "labelsToFields":
                wanted = {step["options"]["valueLabel"], *step["options"]["keepLabels"]}
                for one in [step["filter"]["options"]] if "filter" in step else targets:
                    yield from _missing(panel, wanted, _labels(targets[one]) if one in targets else set())


def _labels(target):
    recorded = set().union(*(KNOWN.get(name, ("", set()))[1] for name, _ in selectors(target["expr"])))
    return labels_of(target["expr"]) | (recorded if " by (" not in target["expr"] else set())


def _missing(panel, wanted, there):
    yield from (f"{panel['title']!r}: nothing is named {one!r}" for one in sorted(wanted - there))


def variables(board):
    defined = {one["name"] for one in board["templating"]["list"]}
    used = set()
    for text in texts(
        {**board, "templating": {"list": [one["query"] for one in board["templating"]["list"]]}}
    ):
        used |= set(re.findall(r"\$\{([\w.]+)(?::\w+)?\}|\$([a-zA-Z_]\w*)", text))
    names = {one or other for one, other in used} - BUILT_IN
    yield from (f"the variable ${one} is not defined" for one in sorted(names - defined))
    asked = " ".join(texts(board["panels"]))
    for one in board["templating"]["list"]:
        name = re.escape(one["name"])
        if one["hide"] == 0 and not re.search(rf"\$(?:{name}\b|\{{{name}\}})", asked):
            yield f"the variable ${one['name']} is shown and used by no panel"


def says_why_it_is_empty(board):
    for panel in panels(board):
        if panel["type"] in ONCE | {"timeseries"} and not panel["fieldConfig"]["defaults"].get("noValue"):
            yield f"{panel['title']!r} does not say why it is empty"


def threshold_steps(board):
    for panel in panels(board):
        steps = panel.get("fieldConfig", {}).get("defaults", {}).get("thresholds", {}).get("steps", [])
        values = [one["value"] for one in steps]
        if values and (values[0] is not None or values[1:] != sorted(values[1:])):
            yield f"{panel['title']!r}: thresholds {values} are out of order"


def rates(board):
    for panel, target in prometheus_targets(board):
        query, title = target["expr"], panel["title"]
        for function, name in re.findall(r"\b(rate|increase|irate|delta)\(([a-zA-Z_:]\w*)", query):
            if name in {"sum", "avg", "min", "max", "count"} or ":" in name:
                yield f"{title!r}: {function}() over a sum"
            elif KNOWN.get(name, ("", ()))[0] != "counter":
                yield f"{title!r}: {function}() of {name}, which is no counter"
            elif function == "increase" and name not in COLLECTOR:
                yield f"{title!r}: increase() of {name} is not exact"
        for window in re.findall(r"\[([^\]]*)\]", query):
            if "$" in window and window != ("$__range" if target["instant"] else "$__rate_interval"):
                yield f"{title!r}: the window {window} does not fit the query"


def asked_once_or_over_time(board):
    for panel, target in prometheus_targets(board):
        wanted = panel["type"] in ONCE
        if (target["instant"], target["range"]) != (wanted, not wanted):
            yield f"{panel['title']!r} asks in the wrong way"
        if panel["type"] == "timeseries" and target["legendFormat"] == "__auto":
            yield f"{panel['title']!r}: series without a legend"


def known_series(board):
    for panel, target in prometheus_targets(board):
        title, query = panel["title"], target["expr"]
        for name in re.findall(r"(?<![\w:])otelcol_\w+", query):
            if name not in COLLECTOR:
                yield f"{title!r}: nobody writes {name}"
        for name, matchers in selectors(query):
            if name not in KNOWN:
                yield f"{title!r}: nobody writes {name}"
            elif not set(matchers) <= KNOWN[name][1]:
                yield f"{title!r}: {name} has no label {sorted(set(matchers) - KNOWN[name][1])}"


def follows_variables(board):
    for panel, target in prometheus_targets(board):
        for name, matchers in selectors(target["expr"]):
            labels = REGISTERED.get(name, ("", set()))[1]
            for variable, label in CHOICES.items():
                allowed = {("=~", f"${variable}"), *([("=~", "$focus")] if variable == "agent" else [])}
                if label in labels and matchers.get(label) not in allowed:
                    yield f"{panel['title']!r}: {name} does not follow ${variable}"


def links(board):
    defined = {one["name"] for one in board["templating"]["list"]}
    for text in texts(board["panels"]):
        if text.startswith("/d/"):
            uid, _, query = text.removeprefix("/d/").partition("?")
            if uid not in UIDS:
                yield f"a link to {uid}, which is no dashboard"
            if "${__url_time_range}" not in query:
                yield f"a link to {uid} forgets the time"
            kept = set(re.findall(r"\$\{(\w+):queryparam\}", query))
            yield from (f"a link passes on ${one}, which is not defined" for one in kept - defined)


def of_today(board):
    yield from (f"{one} is a key of old Grafana" for one in sorted(set(keys(board)) & LEGACY))
    if board["schemaVersion"] != 42:
        yield f"schema {board['schemaVersion']} is not today's"
    if board["uid"] not in UIDS:
        yield f"the uid {board['uid']} is not one of ours"


RULES = (
    titles_and_ids,
    places,
    data_sources,
    known_ids,
    says_why_it_is_empty,
    overrides_match,
    transformations_match,
    variables,
    threshold_steps,
    rates,
    asked_once_or_over_time,
    known_series,
    follows_variables,
    links,
    of_today,
)


def faults(board):
    """All that is wrong, in words."""
    return [said for rule in RULES for said in rule(board)]
