"""docs/frameworks.md: what is recognised in each framework, as running its program has shown.

`python tests/frameworks/page.py [framework ...]` runs the programs of all, or of these, and writes the page.
"""

import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from team_runs import WAYS, run_teams, seen

from environments import ROOT, pins_of

PAGE = ROOT / "docs" / "frameworks.md"
TEXT = Path(__file__).with_suffix(".md")
FRAMEWORKS = {
    "openai-agents": "openai-agents",
    "langchain": "langchain",
    "pydantic-ai": "pydantic-ai-slim",
    "crewai": "crewai",
    "smolagents": "smolagents",
}
"""Each framework's name here, and the package whose version is tested."""

ON_DEMAND = ("crewai",)


def row(framework, ways):
    """A framework's line of the table; `ways` is way -> what was seen."""
    package = FRAMEWORKS[framework]
    version = next(pin for pin in pins_of(framework) if pin.startswith(f"{package}==")).partition("==")[2]
    cells = [", ".join(ways[way]) or "nothing" for way in WAYS]
    return f"| {framework} {version} | {' | '.join(cells)} |"


def rows_on_page():
    """Framework -> its line on the page as it stands."""
    text = PAGE.read_text() if PAGE.exists() else ""
    return {
        name: line for name in FRAMEWORKS for line in re.findall(rf"^\| {name} \d.*$", text, re.MULTILINE)
    }


def render(lines):
    """The page with these lines, framework -> line."""
    titles = f"| framework | {' | '.join(WAYS)} |\n|---|{'---|' * len(WAYS)}\n"
    table = titles + "".join(f"{lines[name]}\n" for name in FRAMEWORKS)
    return TEXT.read_text().replace("{table}\n", table)


def main(frameworks):
    """Writes the page, with new lines for these frameworks."""
    lines = rows_on_page()
    for framework in frameworks or FRAMEWORKS:
        with tempfile.TemporaryDirectory() as folder:
            lines[framework] = row(framework, seen(run_teams(framework, Path(folder))))
    PAGE.write_text(render(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
