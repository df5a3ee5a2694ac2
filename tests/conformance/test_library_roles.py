"""A call that a library makes by itself has the library's name as role; the program's own calls have none."""

import os
import subprocess
import sys
import textwrap

import pytest

from agentgauge.demo.simulated import SimulatedServer
from books import booked, recorded, rows
from environments import SOURCES

CALL = "client.chat.completions.create(model='gpt-4o-mini', messages=[{'role': 'user', 'content': 'Hi'}])"
STREAM = CALL.replace("create(", "create(stream=True, stream_options={'include_usage': True}, ")
# What others wrote, as an installer lays it down.
INSTALLED = {
    "memories/__init__.py": f"""
        import asyncio, concurrent.futures
        def remember(client): {CALL}
        def stream(client): list({STREAM})
        def in_threads(client):
            with concurrent.futures.ThreadPoolExecutor() as pool:
                list(pool.map(remember, [client] * 3))
        async def asked(client): await {CALL}
        async def in_tasks(client): await asyncio.gather(*[asked(client) for _ in range(3)])
        def by_a_framework(client):
            import langchain_openai
            langchain_openai.invoke(client)
        def back(client, function): function(client)
        """,
    "langchain_openai/chat.py": f"def invoke(client): {CALL}",
    "langchain_openai/__init__.py": "from .chat import invoke",
    "tenacity.py": "def retry(function, client): return function(client)",
    "one_file.py": f"def call(client): {CALL}",
    "my_app.py": f"""
        import agentgauge
        def start(): agentgauge.init("installed-program")
        def call(client): {CALL}
        """,
    "my_checkout.py": f"def call(client): {CALL}",
    "my_checkout-1.dist-info/direct_url.json": '{"url": "file:///home/me/my_checkout", "dir_info": {}}',
    "my_checkout-1.dist-info/RECORD": "my_checkout.py,sha256=x,1",
    "from_git-1.dist-info/direct_url.json": '{"url": "https://example.com/x.git", "vcs_info": {}}',
    "from_git-1.dist-info/RECORD": "from_git.py,sha256=x,1",
    "from_git.py": f"def call(client): {CALL}",
    "started/__init__.py": "",
    "started/work.py": f"""
        import sys
        from openai import OpenAI
        import memories
        def own(client): {CALL}
        def main():
            url = sys.argv[1]
            import agentgauge
            for name, use in (("own", own), ("library", memories.remember)):
                with agentgauge.workflow(name), OpenAI(base_url=url + "/v1", api_key="sim-x") as client:
                    use(client)
        """,
    "started/__main__.py": "import agentgauge; agentgauge.init(); from started.work import main; main()",
    "../bin/started": "import agentgauge; agentgauge.init()\nfrom started.work import main\nmain()",
}
PROGRAM = f"""
import asyncio, sys
from openai import AsyncOpenAI, OpenAI
import agentgauge as ag
import from_git, langchain_openai, memories, my_app, my_checkout, one_file, tenacity

url = sys.argv[1]
my_app.start()

def own(client): {CALL}
def generated(client): exec("memories.remember(client)", {{"memories": memories, "client": client}})
def in_an_agent(client):
    with ag.agent("keeper"): memories.remember(client)
def with_a_role(client):
    with ag.role("archive"): memories.remember(client)
def in_an_agent_with_a_role(client):
    with ag.agent("keeper", role="responder"): memories.remember(client)
def called_back(client): memories.back(client, own)
def retried(client): tenacity.retry(own, client)

USES = {{
    "plain": memories.remember, "stream": memories.stream, "generated": generated,
    "below it a framework": memories.by_a_framework,
    "an agent": in_an_agent, "one file": one_file.call, "from git": from_git.call,
    "own": own, "called back": called_back, "retried": retried, "framework": langchain_openai.invoke,
    "my installed program": my_app.call, "my checkout": my_checkout.call,
    "a role": with_a_role, "an agent with a role": in_an_agent_with_a_role,
}}
for name, use in USES.items():
    with ag.workflow(name), OpenAI(base_url=url + "/v1", api_key="sim-x") as client:
        use(client)

async def run(name, use):
    async with AsyncOpenAI(base_url=url + "/v1", api_key="sim-x") as client:
        with ag.workflow(name):
            await use(client)

asyncio.run(run("async", memories.asked))
asyncio.run(run("its own tasks", memories.in_tasks))
"""
IN_THREADS = """
import sys, threading
from openai import OpenAI
import agentgauge as ag
import memories

ag.init("threads")
client = OpenAI(base_url=sys.argv[1] + "/v1", api_key="sim-x")
memories.in_threads(client)
thread = threading.Thread(target=memories.remember, args=[client])
thread.start()
thread.join()
"""
ROLES = {
    **{name: ["memories"] for name in ("plain", "stream", "generated", "an agent", "async")},
    "below it a framework": ["memories"],
    "its own tasks": ["memories"] * 3,
    "one file": ["one_file"],
    "from git": ["from_git"],
    **{name: [None] for name in ("own", "called back", "retried", "framework")},
    "my installed program": [None],
    "my checkout": [None],
    "a role": ["archive"],
    "an agent with a role": ["responder"],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder of installed packages, which is called as installers call it."""
    folder = tmp_path_factory.mktemp("env") / "site-packages"
    for name, source in INSTALLED.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
    return folder


def ran(site, store, *command, **settings):
    """The calls of a program, after the server's books have agreed with them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGENTGAUGE", "OTEL"))}
    with SimulatedServer(seed=5) as server:
        done = subprocess.run(
            [sys.executable, *command, server.url],
            env=kept | settings | {"AGENTGAUGE_STORE": str(store), "PYTHONPATH": f"{SOURCES}:{site}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        books = server.books.to_dict()["by_api_key"]["sim-x"]
    assert (done.returncode, done.stderr) == (0, "")
    assert recorded(rows(store)) == booked(books)
    return rows(store)


def roles(calls):
    found = {}
    for call in calls:
        found.setdefault(call["workflow"], []).append(call["role"])
    return found


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def test_the_role_is_the_library_where_nobody_else_set_one(site, store, program):
    assert roles(ran(site, store, program)) == ROLES


def test_it_is_found_in_whichever_thread_makes_the_call(site, store, tmp_path):
    (tmp_path / "threads.py").write_text(IN_THREADS)

    assert [call["role"] for call in ran(site, store, tmp_path / "threads.py")] == ["memories"] * 4


def test_it_can_be_switched_off(site, store, program):
    calls = ran(site, store, program, AGENTGAUGE_LIBRARY_ROLES="off")

    assert {call["role"] for call in calls} == {None, "archive", "responder"}


@pytest.mark.parametrize("how", ["-m", "script"])
def test_a_program_that_is_installed_itself_is_no_library(site, store, how):
    command = ["-m", "started"] if how == "-m" else [site.parent / "bin" / "started"]

    assert roles(ran(site, store, *command)) == {"own": [None], "library": ["memories"]}


def test_what_a_memory_library_used_is_apart_from_its_agents_answers(site, store, program):
    """The role makes the row: the report has the library's calls of an agent by themselves."""
    ran(site, store, program)
    report = [sys.executable, "-m", "agentgauge", "report", "--store", store, "--by", "role"]

    shown = subprocess.run(report, capture_output=True, text=True, check=True).stdout

    assert "memories" in shown
