"""Fixtures, as a plugin: a folder for a program of the user's, in an environment without any settings."""

import os
import textwrap

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The program's own folder, current, in an environment without settings of any kind."""
    for name in [n for n in os.environ if n.startswith(("AGENTGAUGE_", "OTEL_", "PYTHON", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("AGENTGAUGE_STORE", str(tmp_path / "store.sqlite"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def program(folder):
    """Writes a file into the program's folder."""

    def write(source, name="program.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        return str(path)

    return write
