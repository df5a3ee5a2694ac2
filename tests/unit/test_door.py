"""The public door, and the shape of the house behind it."""

import ast
import sys
from pathlib import Path

import pytest

import agentgauge

PACKAGE = Path(agentgauge.__file__).parent
# From the top down: a module imports what stands below it, or beside it as long as that makes no cycle.
LAYERS = (
    {"agentgauge", "__main__"},
    {"cli"},
    {"demo"},
    {"doctor"},
    {"formats"},
    {"report"},
    {"generate"},
    {"stack"},
    {"auto"},
    {"asgi", "wsgi", "propagate"},
    {"init", "lifecycle", "instrument", "recording", "servers"},
    {"budget", "budget_check", "context_check", "budget_limits", "routing"},
    {"remote"},
    {"frameworks"},
    {"scopes"},
    {"sources"},
    {"pipeline"},
    {"store"},
    {"spending"},
    {"ledger"},
    {"tokens"},
    {"price_list"},
    {"price_extras", "price_file", "context_window"},
    {"pricing"},
    {"totals"},
    {"registry", "registry_records"},
    {"call"},
    {"config"},
    {"variables"},
    {"config_values"},
    {"guard", "importhook", "library_role", "patches", "semconv"},
    {"errors", "hosts", "labels", "_version"},
)


def modules():
    """Module name -> the modules of ours that it imports when it is run, types left out."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = (path, ast.parse(path.read_text()))
    return {name: set(_imports(name, path, tree, set(found))) for name, (path, tree) in found.items()}


def _imports(name, path, tree, known):
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in _run_nodes(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
            targets = [f"{base}.{alias.name}" for alias in node.names]
            targets = [target if target in known else base for target in targets]
        yield from (target for target in targets if target in known and target != name)


def _run_nodes(tree):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        yield from _run_nodes(node)


def room(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def layer(module):
    return next((number for number, rooms in enumerate(LAYERS) if room(module) in rooms), None)


GRAPH = modules()


def test_the_door_has_exactly_these_names():
    assert agentgauge.__all__ == [
        "AgentgaugeError",
        "BudgetExceeded",
        "Settings",
        "Usage",
        "agent",
        "budget",
        "count",
        "current",
        "init",
        "record_call",
        "role",
        "shutdown",
        "step",
        "tool",
        "workflow",
    ]
    assert all(hasattr(agentgauge, name) for name in agentgauge.__all__)


def test_the_side_doors_have_exactly_these_names():
    from agentgauge import formats, routing

    assert routing.__all__ == ["Attempt", "Choice", "Try", "fallback", "route", "timeout_s"]
    assert formats.__all__ == [
        "CallEvent",
        "Expected",
        "Recorded",
        "call_line",
        "checklist",
        "event_usage",
        "execution_statistics",
        "expected",
        "iteration_usage",
        "llm_usage",
        "on_call",
        "parser_lines",
        "parser_tokens",
        "report",
        "requests",
        "routing_lines",
        "step_lines",
        "text_export",
        "to_csv",
        "tool_analytics",
        "trials",
    ]
    assert all(hasattr(door, name) for door in (formats, routing) for name in door.__all__)


@pytest.mark.parametrize("module", GRAPH)
def test_imports_run_downwards(module):
    assert layer(module) is not None, f"{module} has no layer"
    upward = {target for target in GRAPH[module] if layer(target) < layer(module)}

    # The demo is a program of a user's: it comes in by the front door.
    assert upward - ({"agentgauge"} if room(module) == "demo" else set()) == set()


def test_imports_make_no_cycle():
    done, under_way = set(), []

    def visit(module):
        assert module not in under_way, " -> ".join([*under_way[under_way.index(module) :], module])
        if module in done:
            return
        under_way.append(module)
        for target in sorted(GRAPH[module]):
            visit(target)
        done.add(under_way.pop())

    for module in sorted(GRAPH):
        visit(module)

    assert done == set(GRAPH)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_a_file_stays_below_500_lines(path):
    assert len(path.read_text().splitlines()) < 500


def test_importing_the_package_imports_no_client():
    import subprocess

    heavy = ("openai", "tiktoken", "grpc", "rich")
    code = f"import sys, agentgauge; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
