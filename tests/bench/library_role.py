"""What finding the library that calls costs, by the number of frames between the client and the program.

Run it: python tests/bench/library_role.py. A first call judges each file once; the others look verdicts up.
"""

import json
import statistics
import time

from agentgauge import library_role as searched

ROUNDS = 2000
SITE = "/opt/env/lib/python3/site-packages"


def below(frames, function):
    """The function, called from as many frames of carriers, each in a file of its own."""
    for number in range(frames):
        space = {"inner": function}
        exec(compile("def outer(): return inner()", f"{SITE}/openai/{number}.py", "exec"), space)
        function = space["outer"]
    return function


def timed():
    start = time.perf_counter_ns()
    searched.library_role(2)  # not from here, which is a program
    return (time.perf_counter_ns() - start) / 1000


def main():
    rows = []
    for frames in (8, 30, 100):
        searched._verdicts.clear()
        searched._from_folders.cache_clear()
        ask = below(frames, timed)
        first = ask()
        rows.append(
            {
                "frames": frames,
                "first_us": round(first, 1),
                "median_us": round(statistics.median(ask() for _ in range(ROUNDS)), 1),
            }
        )
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
