"""`make pictures`: draws every dashboard as it opens, prints what each panel shows, and says what went wrong.

Without `--prometheus` it starts a stack of its own and sends the demo through it, some times over a while.
"""

import argparse
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from local_stack import LocalStack, fetch

import drawing

NAMES = ("spend", "agents", "tools", "traces", "pipeline")
THEMES = ("dark", "light")
RUNS, BETWEEN_S = 12, 10


def main():
    asked = _arguments()
    if drawing.chromium() is None:
        sys.exit("There is no Chromium: install it, or name its binary in AGENTGAUGE_CHROMIUM.")
    asked.out = asked.out.resolve()
    asked.out.mkdir(parents=True, exist_ok=True)
    query = {"from": asked.begin, "scrape": "15"}
    drawings = [
        drawing.Drawing(
            dashboard=str(drawing.ROOT / "dashboards" / f"{name}.json"),
            width=asked.width,
            theme=theme,
            picture=str(asked.out / f"{name}-{theme}.png"),
            query=query,
        )
        for name in NAMES
        for theme in THEMES
    ]
    with tempfile.TemporaryDirectory() as folder, _prometheus(asked.prometheus, Path(folder)) as url:
        found = drawing.draw(url, drawings, Path(folder))
    wrong = [said for one in found if one["theme"] == THEMES[0] for said in _told(one)]
    print(f"Pictures: {asked.out}. A preview, not Grafana.")
    sys.exit(1 if wrong else 0)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=drawing.ROOT / "build" / "pictures", help="where the pictures go"
    )
    parser.add_argument("--prometheus", help="the URL of one that has data already")
    parser.add_argument("--begin", default="now-30m", help="of the time that is shown")
    parser.add_argument("--width", type=int, default=1280)
    return parser.parse_args()


def _told(found):
    """Prints a dashboard; its faults."""
    wrong = list(drawing.faults(found))
    print(f"\n{Path(found['dashboard']).name}")
    for title, lines in drawing.texts(found).items():
        print(f"  {title}: {' | '.join(lines)}"[:160])
    for said in wrong:
        print(f"  WRONG {said}")
    return wrong


@contextmanager
def _prometheus(given, folder):
    if given:
        fetch(f"{given}/api/v1/status/buildinfo")
        yield given
        return
    stack = LocalStack(folder, AGENTGAUGE_FLUSH_INTERVAL="5s")
    print(stack.up("--ports", "auto", timeout_s=2400).stdout)
    try:
        for seed in range(RUNS):
            stack.demo(folder / "store.sqlite", seed=seed)
            print(f"run {seed + 1} of {RUNS} of the demo", flush=True)
            time.sleep(BETWEEN_S)
        yield stack.url("prometheus")
    finally:
        stack.run("down")


main()
