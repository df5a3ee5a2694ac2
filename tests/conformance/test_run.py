"""`agentgauge run` with a real client: its bill is true, and where there is none it says why."""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from agentgauge.demo.server_process import SimulatedServerProcess
from books import rows
from running import BARE_PYTHON, RUN, run

pytest_plugins = ["program_folder"]

SITE_PACKAGES = sysconfig.get_path("purelib")

AGENT = """
    from openai import OpenAI

    def ask(agent, times=1):
        client = OpenAI(api_key=f"key-{agent}")
        for _ in range(times):
            client.chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": "What is new?"}]
            )
"""


@pytest.fixture
def server(folder, monkeypatch):
    with SimulatedServerProcess() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "key-default")
        monkeypatch.setenv("AGENTGAUGE_PROVIDERS", f"{running.address}=openai")
        yield running


def bill(*command, options=()):
    """The report JSON of a run."""
    ended = run(*command, options=("--format", "json", *options))
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stderr)


def books_of(server):
    books = server.books()
    return {name: books[name] for name in ("requests", "input_tokens", "output_tokens", "reasoning_tokens")}


def sums_of(report):
    totals = report["totals"]
    return {name: totals[name] for name in ("requests", "input_tokens", "output_tokens", "reasoning_tokens")}


class TestTheBill:
    """Its numbers are those of the store and of the server's books."""

    def test_a_script_is_billed_as_the_server_booked_it(self, program, server):
        script = program(AGENT + "\n    ask('a', 3)\n", "my_agent.py")

        billed = bill(sys.executable, script)
        reported = subprocess.run(
            [sys.executable, "-m", "agentgauge", "report", "--format", "json"],
            capture_output=True,
            text=True,
            check=True,
        )

        assert billed["service"] == "my_agent"
        assert sums_of(billed) == books_of(server)
        assert billed | {"generated_at": None} == json.loads(reported.stdout) | {"generated_at": None}

    @pytest.mark.parametrize("how", ["store='mine.sqlite'", "settings=agentgauge.Settings(store='m.sqlite')"])
    def test_a_program_that_names_a_store_is_on_the_bill_all_the_same(self, program, server, how):
        script = program(AGENT + f"\n    import agentgauge; agentgauge.init({how}); ask('a')\n")

        assert sums_of(bill(sys.executable, script)) == books_of(server)

    def test_the_table_is_printed_once_after_the_programs_own_output(self, program, server):
        script = program(AGENT + "\n    ask('a')\n    import sys; print('done', file=sys.stderr)\n")

        ended = run(sys.executable, script)

        tokens = f"{server.books()['input_tokens']:,}"
        assert ended.stdout == ""
        assert ended.stderr.startswith("done\nagentgauge ")
        assert ended.stderr.count("Agents") == 1
        assert tokens in ended.stderr

    @pytest.mark.parametrize(
        "command",
        [
            ["-c", "from program import ask; ask('c')"],
            ["-m", "program"],
            ["-u", "-X", "dev", "program.py"],
            ["-c", "import os, sys; os.execv(sys.executable, [sys.executable, 'program.py'])"],
            ["-c", "import subprocess, sys; subprocess.run([sys.executable, 'program.py'], check=True)"],
        ],
        ids=["code", "module", "options", "exec", "subprocess"],
    )
    def test_every_way_to_start_python_is_recorded(self, program, server, command):
        program(AGENT + "\n    if __name__ == '__main__': ask('a')\n")

        assert sums_of(bill(sys.executable, *command)) == books_of(server)

    def test_a_console_script_is_recorded(self, program, server, folder, monkeypatch):
        script = program(AGENT + "\n    ask('a')\n", "bin/my-agent")
        Path(script).write_text(f"#!{sys.executable}\n" + Path(script).read_text())
        Path(script).chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")

        billed = bill("my-agent")

        assert billed["service"] == "my-agent"
        assert sums_of(billed) == books_of(server)

    @pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
    @pytest.mark.parametrize("parent_calls", [1, 0], ids=["the parent calls first", "only children call"])
    def test_children_of_the_program_are_on_the_same_bill(self, program, server, method, parent_calls):
        script = program(
            f"""
            from multiprocessing import get_context

            def work(name, times):
                from openai import OpenAI
                for _ in range(times):
                    OpenAI(api_key=name).embeddings.create(model="text-embedding-3-small", input="news")

            if __name__ == "__main__":
                if {parent_calls}:
                    work("parent", {parent_calls})
                children = [get_context("{method}").Process(target=work, args=(n, 2)) for n in ("a", "b")]
                for child in children:
                    child.start()
                for child in children:
                    child.join()
                    assert child.exitcode == 0
            """
        )

        billed = bill(sys.executable, script)

        assert billed["totals"]["calls"] == 4 + parent_calls
        assert sums_of(billed) == books_of(server)

    def test_agents_that_the_program_names_are_on_it(self, program, server):
        script = program(
            AGENT
            + """
    import agentgauge as ag
    with ag.agent("researcher"):
        ask("researcher", 2)
    with ag.agent("writer"):
        ask("writer")
"""
        )

        billed = bill(sys.executable, script)

        by_key = server.books()["by_api_key"]
        assert {a["agent"]: a["input_tokens"] for a in billed["agents"]} == {
            name: by_key[f"key-{name}"]["input_tokens"] for name in ("researcher", "writer")
        }

    def test_without_a_store_nothing_is_kept(self, program, server, folder, monkeypatch):
        script = program(AGENT + "\n    ask('a')\n")
        monkeypatch.setenv("AGENTGAUGE_STORE", "off")
        monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
        (folder / "tmp").mkdir()

        billed = bill(sys.executable, script)

        assert sums_of(billed) == books_of(server)
        assert not list((folder / "tmp").iterdir())
        assert not list(folder.glob("*.sqlite*"))

    def test_a_store_and_a_service_can_be_named(self, program, server, folder):
        script = program(AGENT + "\n    import os; os.chdir('/'); ask('a')\n")

        billed = bill(sys.executable, script, options=["--store", "mine.sqlite", "--service", "night-shift"])

        assert (billed["service"], billed["totals"]["calls"]) == ("night-shift", 1)
        assert (folder / "mine.sqlite").exists()

    def test_another_environment_uses_what_the_run_brings(self, program, server, monkeypatch):
        """The bare interpreter has no agentgauge of its own."""
        script = program(AGENT + "\n    ask('a')\n")
        monkeypatch.setenv("PYTHONPATH", SITE_PACKAGES)

        assert sums_of(bill(BARE_PYTHON, script)) == books_of(server)

    def test_a_folder_that_has_our_name_is_no_installation(self, program, server, monkeypatch, folder):
        """It imports as an empty package, which must not be taken for us."""
        script = program(AGENT + "\n    ask('a')\n")
        (folder / "elsewhere" / "agentgauge").mkdir(parents=True)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder / "elsewhere"), SITE_PACKAGES]))

        assert sums_of(bill(BARE_PYTHON, script)) == books_of(server)

    def test_a_program_that_is_terminated_is_billed(self, program, server):
        script = program(
            AGENT + "\n    ask('a', 2)\n    import os, signal; os.kill(os.getpid(), signal.SIGTERM)\n"
        )

        ended = run(sys.executable, script, options=["--format", "json"])

        assert ended.returncode == 128 + signal.SIGTERM
        assert sums_of(json.loads(ended.stderr)) == books_of(server)


class TestWithoutABill:
    """When nothing was recorded, one paragraph says what is known and what to do."""

    def said(self, *command):
        ended = run(*command)
        assert ended.stderr.startswith("agentgauge: no process of this run reported, so there is no bill. ")
        assert len(ended.stderr.splitlines()) == 1
        return ended.stderr

    def test_a_python_that_imports_no_client(self, folder):
        assert "Python ran, but no process imported openai" in self.said(sys.executable, "-c", "pass")

    @pytest.mark.parametrize("flag", ["-I", "-E", "-S"])
    def test_a_python_that_leaves_the_hook_out(self, folder, flag):
        assert "No Python was seen either." in self.said(sys.executable, flag, "-c", "pass")

    def test_no_python_at_all(self, folder):
        assert "No Python was seen either." in self.said("true")

    def test_a_run_inside_has_the_calls(self, program, server, folder):
        script = program(AGENT + "    ask('inner')")

        ended = run(*RUN, "--quiet", "--", sys.executable, script)

        said = ended.stderr.strip().splitlines()[-1]
        run_id = re.search(r"Next: agentgauge report --run (\w+)", said)[1]
        (process,) = rows(folder / "store.sqlite", "SELECT run_id FROM processes")
        assert process["run_id"].startswith(run_id)
        assert len(rows(folder / "store.sqlite")) == server.books()["requests"] == 1

    def test_recording_that_is_switched_off(self, folder, monkeypatch):
        monkeypatch.setenv("OTEL_SDK_DISABLED", "true")

        assert "OTEL_SDK_DISABLED=true" in self.said(sys.executable, "-c", "import openai")

    def test_an_environment_in_which_it_cannot_start(self, program, folder, monkeypatch):
        program("raise ImportError('broken there')", "theirs/agentgauge/__init__.py")
        program("", "theirs/openai/__init__.py")
        monkeypatch.setenv("PYTHONPATH", str(folder / "theirs"))

        said = self.said(BARE_PYTHON, "-c", "import openai")

        assert "1 process was not recorded: " in said
        assert "agentgauge did not start in it (ImportError: broken there)" in said

    def test_an_environment_that_cannot_use_what_the_run_brings(self, program, folder, monkeypatch):
        program("", "theirs/openai/__init__.py")
        program("raise ImportError('too old')", "theirs/opentelemetry/__init__.py")
        monkeypatch.setenv("PYTHONPATH", str(folder / "theirs"))
        show = program(
            """
            import sys
            before = list(sys.path)
            import openai
            print(sys.path == before, [name for name in sys.modules if name.startswith("agentgauge")])
            """
        )

        ended = run(BARE_PYTHON, show)

        assert ended.stdout == "True []\n"
        assert "agentgauge is not installed in its environment" in ended.stderr
        assert "ImportError: too old" in ended.stderr

    def test_a_process_that_makes_no_call(self, folder):
        ended = run(sys.executable, "-c", "import openai")

        assert "1 process was recorded, and no model call of it is in the store. If" in " ".join(
            ended.stderr.split()
        )

    def test_a_process_that_is_killed_is_not_said_to_have_made_no_call(self, folder):
        ended = run(sys.executable, "-c", "import openai, os; os.kill(os.getpid(), 9)")

        assert ended.returncode == 137
        said = " ".join(ended.stderr.split())
        assert "The command ended by SIGKILL, which loses what is not stored yet." in said

    def test_json_stays_json(self, folder):
        report = bill("true")

        assert report["totals"]["calls"] == 0
        assert [warning["code"] for warning in report["warnings"]] == ["no_process"]
