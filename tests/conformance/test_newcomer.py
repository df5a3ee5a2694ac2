"""The program of the public API, as somebody writes it who has read the README alone, works the first time.

Each prints what its scopes have used; the judge is the simulated server's own books.
"""

import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from agentgauge.demo.server_process import SimulatedServerProcess
from running import run

pytest_plugins = ["program_folder"]

START = 'ag.init("support-bot")\n'
CLIENT = "client = OpenAI()\n"
IMPORTS = "import agentgauge as ag\nfrom openai import OpenAI\n"
AGENTS = """
@ag.tool
def search(query: str) -> str:
    return "14 days"

@ag.agent("researcher", role="responder")
def research(topic: str):
    return client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": search(topic)}]
    )
"""
RUN = """
with ag.workflow("ticket", id="T-42", tags={"team": "cs"}) as run, ag.budget(usd=0.50):
    research("refunds")
print(run.usage.cost_usd, run.usage.by_agent["researcher"].input_tokens)
"""
ASYNC = """
import asyncio
import agentgauge as ag
from openai import AsyncOpenAI

ag.init("support-bot")
client = AsyncOpenAI()

@ag.agent("researcher", role="responder")
async def research(topic: str):
    return await client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": topic}]
    )

async def main():
    async with ag.workflow("ticket") as run:
        await asyncio.gather(*(research(topic) for topic in ("refunds", "returns", "repairs")))
    return run.usage
"""


@pytest.fixture
def server(folder, monkeypatch):
    """Not a public host, so its provider is said, as the README tells."""
    with SimulatedServerProcess() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sim-newcomer")
        monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
        monkeypatch.setenv("AGENTGAUGE_PROVIDERS", f"{running.address}=openai")
        yield running


def printed(text):
    """(cost in USD, input tokens) of each line that a program printed."""
    lines = re.findall(r"^([\d.e-]+) (\d+)$", text, re.MULTILINE)
    return [(float(cost), int(tokens)) for cost, tokens in lines]


def assert_is_the_servers(text, server, *, calls=1):
    """The last line printed has the books' input tokens, at the price of gpt-4o-mini."""
    books = server.books()
    cached = books["cache_read_tokens"]
    usd = (books["input_tokens"] - cached) * 15e-8 + cached * 75e-9 + books["output_tokens"] * 60e-8
    cost, tokens = printed(text)[-1]
    assert books["requests"] == calls
    assert tokens == books["input_tokens"]
    assert cost == pytest.approx(usd, abs=2e-9 * calls)


@pytest.mark.parametrize(
    "start",
    [IMPORTS + START + CLIENT, IMPORTS + CLIENT + START, IMPORTS + START + CLIENT + START],
    ids=["as in the README", "init after the client", "init twice"],
)
def test_a_script(program, server, start):
    ended = subprocess.run(
        [sys.executable, program(start + AGENTS + RUN)], capture_output=True, text=True, check=True
    )

    assert_is_the_servers(ended.stdout, server)
    assert not ended.stderr


@pytest.mark.parametrize("start", [START, ""], ids=["with init", "without init"])
def test_under_agentgauge_run(program, server, start):
    """Without `init` too: the scopes are the program's, and recording starts with the client."""
    ended = run(sys.executable, program(IMPORTS + start + CLIENT + AGENTS + RUN))

    assert ended.returncode == 0, ended.stderr
    assert_is_the_servers(ended.stdout, server)
    assert f"{server.books()['input_tokens']:,}" in ended.stderr


def test_in_asyncio(program, server):
    show = "\nused = asyncio.run(main())\nprint(used.cost_usd, used.by_agent['researcher'].input_tokens)\n"

    ended = subprocess.run(
        [sys.executable, program(ASYNC + show)], capture_output=True, text=True, check=True
    )

    assert_is_the_servers(ended.stdout, server, calls=3)
    assert not ended.stderr


def notebook(*cells):
    """Runs cells in a real kernel; what each wrote to (stdout, stderr)."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(made, timeout=60, kernel_name="python3").execute()

    def written(cell, stream):
        return "".join(out.text for out in cell.outputs if out.get("name") == stream)

    return [(written(cell, "stdout"), written(cell, "stderr")) for cell in made.cells]


class TestNotebook:
    """A kernel has a running event loop, and people run cells again."""

    def test_in_one_cell(self, server):
        ((said, complained),) = notebook(IMPORTS + START + CLIENT + AGENTS + RUN)

        assert_is_the_servers(said, server)
        assert not complained

    def test_init_again_in_a_second_cell_keeps_recording(self, server):
        first = IMPORTS + START + CLIENT + AGENTS
        again = first + "with ag.workflow('first') as first:\n    research('returns')\n"
        show = "cost = first.usage.cost_usd + run.usage.cost_usd\n"
        show += "print(cost, first.usage.input_tokens + run.usage.input_tokens)"

        cells = notebook(first, again, RUN.strip(), show)

        assert_is_the_servers(cells[-1][0], server, calls=2)
        assert [complained for _, complained in cells] == [""] * 4

    def test_awaiting_in_a_cell(self, server):
        cells = notebook(ASYNC, "used = await main()\nprint(used.cost_usd, used.input_tokens)")

        assert_is_the_servers(cells[-1][0], server, calls=3)
        assert [complained for _, complained in cells] == ["", ""]

    def test_threads_and_tasks_of_a_cell_are_its_agents(self, server):
        cells = notebook(
            ASYNC,
            "ag.init('support-bot')\n"  # run again
            "async with ag.workflow('cell') as run, ag.agent('cell'):\n"
            "    loop = asyncio.get_running_loop()\n"
            "    await asyncio.to_thread(lambda: asyncio.run(research.__wrapped__('returns')))\n"
            "    client = AsyncOpenAI()\n"
            "    await asyncio.create_task(research.__wrapped__('refunds'))\n",
            "print(run.usage.cost_usd, run.usage.by_agent['cell'].input_tokens)",
        )

        assert_is_the_servers(cells[-1][0], server, calls=2)
        assert [complained for _, complained in cells] == [""] * 3
