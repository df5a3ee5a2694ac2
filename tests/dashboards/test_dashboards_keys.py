"""No key in the dashboards is misspelt: Grafana's own models, in Python, know every one."""

import json
import subprocess
from pathlib import Path

import pytest

from agentgauge.generate.boards import dashboards
from environments import listed

pytestmark = [pytest.mark.xdist_group("grafana"), pytest.mark.timeout(600)]
CHECK = Path(__file__).with_name("unknown_keys.py")


def unknown_keys(folder, boards):
    """name -> paths that nothing knows."""
    for name, board in boards.items():
        (folder / f"{name}.json").write_text(json.dumps(board))
    files = {str(folder / f"{name}.json"): name for name in boards}
    done = subprocess.run(
        [str(listed("grafana")), str(CHECK), *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {files[file]: found for file, found in json.loads(done.stdout).items()}


@pytest.fixture
def boards():
    return {Path(path).stem: json.loads(text) for path, text in dashboards().items()}


def test_every_key_is_known(tmp_path, boards):
    found = unknown_keys(tmp_path, boards)

    assert len(found) == 5
    assert {name: paths for name, paths in found.items() if paths} == {}


def test_misspelt_keys_are_found(tmp_path, boards):
    board = boards["spend"]
    first = board["panels"][0]
    first["options"]["colourMode"] = "value"
    first["targets"][0]["legendformat"] = "x"
    first["fieldConfig"]["defaults"]["units"] = "s"
    board["tag"] = ["x"]

    assert unknown_keys(tmp_path, {"spend": board})["spend"] == [
        ".panels[0].fieldConfig.defaults.units",
        ".panels[0].options.colourMode",
        ".panels[0].targets[0].legendformat",
        ".tag[0]",
    ]
