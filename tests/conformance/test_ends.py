"""How workers and threads end: every call that the server has booked is in the store."""

import subprocess
import sys

import pytest

from agentgauge.demo.server_process import SimulatedServerProcess
from books import rows

pytest_plugins = ["program_folder"]

POOL = """
    import multiprocessing
    from openai import OpenAI
    import agentgauge

    def ask(_):
        OpenAI().chat.completions.create(model="gpt-4o-mini", messages=[])

    agentgauge.init("pool")

    if __name__ == "__main__":
        with multiprocessing.get_context("{method}").Pool(2) as pool:
            pool.map(ask, range(4))
            pool.close()
            pool.join()
"""


@pytest.fixture
def server(folder, monkeypatch):
    with SimulatedServerProcess() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sim-worker")
        yield running


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_every_call_of_a_pool_that_is_closed_is_stored(program, server, folder, method):
    subprocess.run([sys.executable, program(POOL.format(method=method))], check=True, timeout=60)

    assert len(rows(folder / "store.sqlite")) == server.books()["requests"] == 4


LEFT_OPEN = """
    import logging
    from openai import OpenAI
    import agentgauge

    logging.basicConfig(level=logging.WARNING)
    agentgauge.init("forgetful")
    kept = []
    for _ in range(3):
        stream = OpenAI().chat.completions.create(model="gpt-4o-mini", messages=[], stream=True)
        next(stream)
        kept.append(stream)
"""


@pytest.mark.usefixtures("server")
def test_streams_that_a_program_never_closes_end_with_it_in_silence(program, folder):
    done = subprocess.run(
        [sys.executable, program(LEFT_OPEN)], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stderr == ""
    assert [call["outcome"] for call in rows(folder / "store.sqlite")] == ["cancelled"] * 3
