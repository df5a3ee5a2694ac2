"""Type checkers see a decorated function as it was written, and a wrong use of it as wrong."""

import json
import os
import subprocess
import sys

import pytest

from environments import SOURCES, with_libraries

pytestmark = pytest.mark.xdist_group("types")

PROGRAM = '''
"""Everything that a user's program does with agentgauge, fully typed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

import agentgauge as ag


@ag.tool
def search(query: str, *, limit: int = 3) -> list[str]:
    return [query] * limit


@ag.tool("lookup")
async def lookup(key: str) -> int:
    return len(key)


@ag.tool()
def named(key: str) -> str:
    return key


@ag.agent("writer", role="responder")
def write(topic: str) -> Iterator[str]:
    yield topic


@ag.agent("streamer")
async def stream(topic: str) -> AsyncIterator[str]:
    yield topic


@ag.budget(usd=1)
@ag.workflow("job", tags={"team": "cs"})
async def job(number: int) -> str:
    return str(number)


class Desk:
    @ag.agent("desk")
    def answer(self, question: str) -> str:
        return question

    @staticmethod
    @ag.agent("desk")
    def static(question: str) -> str:
        return question

    @classmethod
    @ag.agent("desk")
    def below(cls, question: str) -> str:
        return question

    @ag.agent("desk")
    @classmethod
    def above(cls, question: str) -> str:
        return question

    @ag.agent("desk")
    @staticmethod
    def above_static(question: str) -> str:
        return question


async def main() -> None:
    ag.init("typed")
    assert_type(search("q", limit=2), list[str])
    assert_type(await lookup("k"), int)
    assert_type(named("k"), str)
    assert_type(list(write("t")), list[str])
    assert_type([part async for part in stream("t")], list[str])
    assert_type(await job(1), str)
    for answer in (Desk().answer, Desk.static, Desk.below, Desk.above, Desk.above_static):
        assert_type(answer("?"), str)
    async with ag.workflow("ticket", id="T-1") as run, ag.agent("a"):
        with ag.step("one", index=1), ag.role("memory"), ag.budget(tokens=10), run.branch("b1") as branch:
            branch.note_file("a.py")
        assert_type(run.usage, ag.Usage)
        assert_type(run.usage.cost_usd, float | None)
        assert_type(run.usage.by_agent["a"].input_tokens, int)
    ag.current().plan(["one"])
'''
WRONG = {
    "search(1)": "str",
    "Desk().answer()": "question",
    "Desk.above(1)": "str",
    "write(topic=None)": "None",
    'ag.workflow("w", tags=3)': "tags",
}


@pytest.fixture
def typed(tmp_path):
    """Checks the program, with more lines at its end; the lines that are wrong, as the checker says it."""

    def check(checker, *more):
        path = tmp_path / "program.py"
        path.write_text(PROGRAM + "\n".join(["", *more, ""]))
        return CHECKERS[checker](path, len(PROGRAM.splitlines()))

    return check


def pyright(path, lines):
    config = {"typeCheckingMode": "strict", "extraPaths": [str(SOURCES)], "pythonVersion": "3.11"}
    (path.parent / "pyrightconfig.json").write_text(json.dumps(config))
    binary = with_libraries("typing").with_name("basedpyright")
    command = [binary, "--outputjson", "--pythonpath", sys.executable, "--project", path.parent]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {each["range"]["start"]["line"] - lines: each["message"] for each in found}


def mypy(path, lines):
    command = [sys.executable, "-m", "mypy", "--strict", "--no-pretty", "--cache-dir", path.parent, path]
    environ = os.environ | {"MYPYPATH": str(SOURCES)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=150, env=environ, cwd=path.parent, check=False
    )
    found = [line.split(":", 2) for line in done.stdout.splitlines() if ": error:" in line]
    return {int(line) - lines - 1: message for _, line, message in found}


CHECKERS = {"pyright": pyright, "mypy": mypy}


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_program_of_a_users_is_clean_and_wrong_uses_are_not(typed, checker):
    assert typed(checker) == {}

    wrong = typed(checker, *WRONG)

    assert wrong.keys() == set(range(1, len(WRONG) + 1)), wrong
    for number, word in enumerate(WRONG.values(), start=1):
        assert word in wrong[number]
