"""`agentgauge run` as a real process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

# Isolated (-I), so that a PYTHONPATH that a test sets is the program's alone.
RUN = [sys.executable, "-I", "-m", "agentgauge", "run"]
BARE_PYTHON = Path(sys.executable).resolve()  # the interpreter below this virtual environment


def run(*command, options=(), stdin=None):
    """Runs to the end; stdout is the program's, stderr the program's and then the bill."""
    arguments = [*RUN, *options, "--", *command]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    # A session of its own, so that a program that hangs is ended with all of its children.
    with subprocess.Popen(arguments, **pipes, text=True, start_new_session=True) as process:
        try:
            stdout, stderr = process.communicate(stdin, timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)
