"""Types and enums of the dashboards, checked by TypeScript against Grafana's own @grafana/schema."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from agentgauge.generate.boards import dashboards
from node import need_node, packages

pytestmark = [pytest.mark.xdist_group("grafana"), pytest.mark.timeout(1200)]
TYPES = Path(__file__).parent / "types"
OF_PROMETHEUS = {"target", "tagKeys", "textFormat", "titleFormat"}
"""Of annotations: what the data source reads, which the types of a dashboard do not know.

Nor do they know a variable's `definition`, which Grafana writes."""
STRICT = ("--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext")


@pytest.fixture(scope="module")
def place():
    need_node()
    return packages(TYPES / "package.json")


@pytest.fixture
def complaints(place, tmp_path):
    """What the compiler says of dashboards, by name."""

    def compiled(boards):
        (tmp_path / "node_modules").symlink_to(place / "node_modules")
        shutil.copy(TYPES / "raw.ts", tmp_path)
        for name, board in boards.items():
            literal = (
                f"import type {{ Raw }} from './raw.js';\nexport const board: Raw = {json.dumps(board)};\n"
            )
            (tmp_path / f"{name}.ts").write_text(literal)
        compiler = place / "node_modules" / "typescript" / "bin" / "tsc"
        files = [f"{name}.ts" for name in boards]
        done = subprocess.run(
            ["node", str(compiler), *STRICT, *files],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    return compiled


@pytest.fixture
def boards():
    found = {Path(path).stem: json.loads(text) for path, text in dashboards().items()}
    for board in found.values():
        for annotation in board["annotations"]["list"]:
            for name in OF_PROMETHEUS & set(annotation):
                del annotation[name]
        for variable in board["templating"]["list"]:
            variable.pop("definition", None)
    return found


def test_types_and_enums_are_grafanas(complaints, boards):
    assert complaints(boards) == ""


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (lambda board: board["templating"]["list"][2].update(sort=12), "Type '12' is not assignable"),
        (
            lambda board: board["panels"][0]["fieldConfig"]["defaults"].update(decimals="1"),
            "Type 'string' is not assignable to type 'number'",
        ),
        (
            lambda board: board["panels"][0].update(gridPos={"x": 0, "y": 0, "w": 4}),
            "Property 'h' is missing",
        ),
        (lambda board: board["links"][0].update(type="dashboard"), "dashboard"),
    ],
    ids=["an enum", "a type", "a missing key", "a word"],
)
def test_a_planted_fault_is_found(complaints, boards, plant, said):
    plant(boards["agents"])

    assert said in complaints({"agents": boards["agents"]})
