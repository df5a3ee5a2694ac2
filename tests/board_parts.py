"""Walks over a dashboard's JSON."""

import re

LEADS = r"(?<![\w:])"


def panels(board):
    """Every panel that is no row, those in folded rows included."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def prometheus_targets(board):
    """(panel, target) of every PromQL query."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            if target["datasource"]["type"] == "prometheus":
                yield panel, target


def texts(node):
    """Every string in it."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def keys(node):
    """Every key in it."""
    if isinstance(node, dict):
        yield from node
        for value in node.values():
            yield from keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys(value)


def selectors(query):
    """(name, {label: (operator, value)}) of every selector with matchers."""
    for name, inside in re.findall(LEADS + r"([a-zA-Z_:]\w*(?:[:\w]*))\{([^}]*)\}", query):
        found = re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', inside)
        yield name, {label: (operator, value) for label, operator, value in found}


def labels_of(query):
    """The labels that a query's outermost aggregation keeps, as far as text can tell."""
    found = re.search(r"\bby \(([^)]*)\)", query)
    kept = set(re.split(r",\s*", found[1])) - {"", "le"} if found else set()
    made = re.findall(r'label_(?:replace|join)\(.*?, "(\w+)", "', query, re.DOTALL)
    return kept | set(made)
