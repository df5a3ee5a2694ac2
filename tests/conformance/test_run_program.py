"""`agentgauge run` changes nothing about the program: its streams, signals, exit code and start-up."""

import ast
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agentgauge.cli.run import PACKAGE, service_of
from running import BARE_PYTHON, RUN, run

pytest_plugins = ["program_folder"]


class TestTheProgramIsUntouched:
    """Its output, input, exit code and signals are what they are without us."""

    @pytest.mark.parametrize("code", [0, 1, 7, 255])
    def test_its_exit_code_is_ours(self, folder, code):
        assert run(sys.executable, "-c", f"raise SystemExit({code})").returncode == code

    def test_a_signal_that_ended_it_becomes_128_and_its_number(self, folder):
        assert run("sh", "-c", "kill -KILL $$").returncode == 128 + signal.SIGKILL

    def test_its_streams_are_its_own(self, folder):
        copy = "import sys; sys.stdout.write(sys.stdin.read()); sys.stderr.write('said')"

        ended = run(sys.executable, "-c", copy, stdin="given\n", options=["--quiet"])

        assert (ended.stdout, ended.stderr) == ("given\n", "said")

    def test_everything_after_its_first_word_is_its_own(self, folder):
        echo = "import sys; print(sys.argv[1:])"
        arguments = ["--store", "x", "--help", "--", "-q"]

        ended = subprocess.run(
            [*RUN, sys.executable, "-c", echo, *arguments], capture_output=True, text=True, check=False
        )

        assert ended.stdout == f"{arguments}\n"

    def test_inherited_descriptors_and_the_pipe_signal_are_as_without_us(self, folder):
        reader, writer = os.pipe()
        os.set_inheritable(writer, True)
        look = "import os, signal; os.write({}, b'there'); print(open('/proc/self/status').read())"

        ended = subprocess.run(
            [*RUN, "--", sys.executable, "-c", look.format(writer)],
            pass_fds=[writer],
            capture_output=True,
            text=True,
            check=True,
        )

        os.close(writer)
        with os.fdopen(reader) as received:
            assert received.read() == "there"
        if "SigBlk" in ended.stdout:
            masks = dict(line.split(":\t") for line in ended.stdout.splitlines() if line.startswith("Sig"))
            assert int(masks["SigBlk"], 16) == 0

    @pytest.mark.parametrize(
        ("command", "code", "said"),
        [
            ("no-such-command", 127, "no-such-command: command not found."),
            ("./plain.txt", 126, "./plain.txt cannot be run: Permission denied."),
            ("./agent.py", 126, "Run it as: agentgauge run -- python ./agent.py"),
            ("agent.py", 127, "Run it as: agentgauge run -- python agent.py"),
            ("./lost.sh", 127, "./lost.sh cannot be run: the interpreter in its first line does not exist."),
        ],
    )
    def test_what_cannot_be_started_says_why(self, program, command, code, said):
        program("", "plain.txt")
        program("", "agent.py")
        Path(program("#!/no/such/shell\n", "lost.sh")).chmod(0o755)

        ended = run(command)

        assert (ended.returncode, said in ended.stderr) == (code, True), ended.stderr

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [([], "agentgauge run -- python my_agent.py"), (["--stroe", "x", "true"], "'--stroe'")],
    )
    def test_wrong_usage_is_2(self, folder, arguments, said):
        ended = subprocess.run([*RUN, *arguments], capture_output=True, text=True, check=False)

        assert (ended.returncode, said in ended.stderr) == (2, True), ended.stderr


class TestSignals:
    """They reach the program once, and it decides what they mean."""

    LISTENER = """
        import os, signal, sys

        # Blocked and waited for: a handler could interrupt a print, or come just before a pause.
        heard = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2}
        signal.pthread_sigmask(signal.SIG_BLOCK, heard)
        foreground = sys.stdin.isatty() and os.tcgetpgrp(0) == os.getpgrp()
        print("ready", foreground, flush=True)
        number = None
        while number != signal.SIGTERM:
            number = signal.sigwait(heard)
            print(signal.Signals(number).name, flush=True)
        sys.exit(7)
    """

    @staticmethod
    def start(*command, prefix=()):
        return subprocess.Popen(
            [*prefix, *RUN, "--quiet", "--", *command],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def test_term_ends_a_program_that_does_not_handle_it(self, folder):
        waits = "import signal; print('ready', flush=True); signal.pause()"

        with self.start(sys.executable, "-c", waits) as parent:
            parent.stdout.readline()
            parent.terminate()

            assert parent.wait(30) == 128 + signal.SIGTERM

    def test_each_is_delivered_once_and_the_programs_own_exit_code_counts(self, program):
        sent = ["SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTERM"]

        with self.start(sys.executable, program(self.LISTENER)) as parent:
            parent.stdout.readline()
            received = []
            for name in sent:
                parent.send_signal(getattr(signal, name))
                received.append(parent.stdout.readline().strip())
            rest = parent.stdout.read()

        assert (received, rest, parent.returncode) == (sent, "", 7)

    @pytest.mark.parametrize("tells_sender", [True, False], ids=["linux", "macos"])
    def test_ctrl_c_in_a_terminal_comes_once(self, program, tells_sender):
        import pty

        as_macos = "import signal, sys; del signal.sigwaitinfo; from agentgauge.cli import main; main()"
        starter = RUN if tells_sender else [sys.executable, "-c", as_macos, "run"]
        arguments = [*starter, "--quiet", "--", sys.executable, program(self.LISTENER)]
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(arguments[0], arguments)
        with os.fdopen(terminal, "r+b", buffering=0) as screen:
            assert _read_until(screen, b"ready").endswith(b"ready True\r\n")
            screen.write(b"\x03")
            shown = _read_until(screen, b"SIGINT")
            # Signals are passed on one by one: a second SIGINT would come before this one.
            os.kill(pid, signal.SIGTERM)
            shown += _read_until(screen, b"SIGTERM")
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

        assert (shown.count(b"SIGINT"), code) == (1, 7)


def _read_until(screen, word):
    shown = b""
    while not (word in shown and shown.endswith(b"\n")):
        shown += screen.read(1024)
    return shown


class TestSitecustomize:
    """Ours runs first and steps aside."""

    SHOW = """
        import os, sys
        print(getattr(sys.modules.get("sitecustomize"), "__file__", None))
        print([entry for entry in sys.path if entry.endswith(os.path.join("agentgauge", "auto"))])
    """

    def test_without_one_of_the_users_nothing_is_left(self, program):
        ended = run(BARE_PYTHON, program(self.SHOW))

        assert ended.stdout == "None\n[]\n"

    def test_the_users_own_really_runs(self, program, folder, monkeypatch):
        theirs = program("print('theirs', __name__, __file__)", "site/sitecustomize.py")
        monkeypatch.setenv("PYTHONPATH", str(folder / "site"))

        ended = run(sys.executable, program(self.SHOW))

        assert ended.stdout == f"theirs sitecustomize {theirs}\n{theirs}\n[]\n"

    def test_its_errors_look_as_ever_and_the_program_runs(self, program, folder, monkeypatch):
        program("raise ValueError('theirs')", "site/sitecustomize.py")
        monkeypatch.setenv("PYTHONPATH", str(folder / "site"))
        command = [sys.executable, "-c", "print('runs')"]
        without_us = subprocess.run(command, capture_output=True, text=True, check=True)

        ended = run(*command, options=["--quiet"])

        assert "ValueError: theirs" in without_us.stderr
        assert (ended.stdout, ended.stderr) == (without_us.stdout, without_us.stderr)

    def test_any_python_can_read_it(self):
        """Python 2 meets it too; 3.7 is the oldest grammar that can be asked for here."""
        for name in ("auto/sitecustomize.py", "auto/start.py", "importhook.py"):
            ast.parse((PACKAGE / name).read_text(), feature_version=(3, 7))
        source = (PACKAGE / "auto" / "sitecustomize.py").read_text()

        assert not [
            n
            for n in ast.walk(ast.parse(source))
            if isinstance(n, (ast.JoinedStr, ast.AnnAssign, ast.FunctionDef))
        ]

    def test_a_program_without_a_client_loads_nothing_more(self, program):
        show = "import sys; print(*sorted(m for m in sys.modules if m.partition('.')[0] in {names!r}))"
        names = ("agentgauge", "opentelemetry", "typing", "threading", "logging", "pathlib")
        command = [BARE_PYTHON, "-c", show.format(names=names)]
        without_us = subprocess.run(command, capture_output=True, text=True, check=True)

        assert run(*command).stdout == without_us.stdout

    def test_an_empty_pythonpath_does_not_put_the_current_folder_on_the_path(self, program, monkeypatch):
        monkeypatch.setenv("PYTHONPATH", "")
        show = program("import sys; print('' in sys.path, sys.path.count(sys.argv[1]))", "elsewhere/show.py")

        ended = run(sys.executable, show, os.getcwd())  # noqa: PTH109  # as the interpreter says it

        assert ended.stdout == "False 0\n"


@pytest.mark.parametrize(
    ("command", "service"),
    [
        ("python my_agent.py --topic x", "my_agent"),
        ("/usr/bin/python3.12 -u -W ignore -X dev agents/night.py", "night"),
        ("python -m agents.night", "agents.night"),
        ("python -um agents.night", "agents.night"),
        ("python -c pass", "python"),
        ("python", "python"),
        ("python agents/__main__.py", "agents"),
        ("./my_agent.py", "my_agent"),
        ("uvicorn app:api", "uvicorn"),
    ],
)
def test_a_service_is_named_after_its_script(command, service):
    assert service_of(tuple(shlex.split(command))) == service
