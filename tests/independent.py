"""Fixtures, as a plugin: mock-ai-api, a model server that none of us wrote, in an environment of its own."""

import re
import socket
import subprocess
import time

import pytest

from environments import environment

PINS = (
    "annotated-types==0.8.0",
    "anyio==4.16.0",
    "certifi==2026.10.18",
    "click==8.5.1",
    "fastapi==0.115.14",
    "h11==0.16.0",
    "httpcore==1.0.9",
    "httpx==0.28.1",
    "idna==3.20",
    "mock-ai-api==0.1.1",
    "pydantic==2.14.3",
    "pydantic-core==2.50.4",
    "python-multipart==0.0.32",
    "starlette==0.46.2",
    "typing-extensions==4.16.0",
    "typing-inspection==0.4.5",
    "uvicorn==0.54.0",
)


@pytest.fixture(scope="module")
def independent(tmp_path_factory):
    """Its URL, and the log of the requests that it has seen."""
    log = tmp_path_factory.mktemp("independent") / "access.log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [environment(*PINS), "-u", "-m", "uvicorn", "app.openai_app:app", "--port", str(port)]
    with (
        log.open("w") as output,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output) as process,
    ):
        try:
            _wait_until_up(port, log, process)
            yield f"http://127.0.0.1:{port}", log
        finally:
            process.terminate()


def _wait_until_up(port, log, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.fixture
def requests_seen(independent):
    """How many model requests the server has logged since this test began."""
    _, log = independent

    def count():
        return len(re.findall(r'"POST /v1/(?:chat|completions|responses|embeddings)', log.read_text()))

    before = count()
    return lambda: count() - before
