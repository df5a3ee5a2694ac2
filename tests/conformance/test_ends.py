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
