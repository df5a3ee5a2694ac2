"""Starts the simulated model server as a script: `python -I server.py --port 0 --seed 7`.

Run by its path and not with -m, so that nothing of the package around it is imported: the server is the
judge of every number that this package reports, and shares no line of code with it.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # An isolated interpreter (-I) leaves the script's own folder out of the path.
    sys.path.append(str(Path(__file__).resolve().parent))
    runpy.run_module("simulated", run_name="__main__", alter_sys=True)
