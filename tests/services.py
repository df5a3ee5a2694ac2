"""Services of a user's: programs that uvicorn serves, in an environment that has FastAPI."""

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from environments import SOURCES, with_openai

# click is among what agentgauge needs, and pydantic among what openai does.
PINS = (
    "asgiref==3.13.0",
    "fastapi==0.115.14",
    "opentelemetry-instrumentation-asgi==0.66b2",
    "opentelemetry-instrumentation-httpx==0.66b2",
    "opentelemetry-instrumentation-requests==0.66b2",
    "opentelemetry-util-http==0.66b2",
    "starlette==0.46.2",
    "uvicorn==0.54.0",
)


def python():
    """The interpreter that services run in."""
    return with_openai("2.54.0", *PINS)


def settings(server, store, *, key):
    """The environment of a service whose model is the simulated server."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AGENTGAUGE", "OTEL", "OPENAI", "PYTHON"))
    }
    return kept | {
        "AGENTGAUGE_PROVIDERS": f"{server.url.split('//')[1]}=openai",
        "AGENTGAUGE_STORE": str(store),
        "OPENAI_API_KEY": key,
        "OPENAI_BASE_URL": f"{server.url}/v1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(SOURCES),
    }


@contextmanager
def serving(app, *, folder, env):
    """The URL of `app` (module:name) while uvicorn serves it from `folder`; it must end well."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    command = [python(), "-m", "uvicorn", "--app-dir", folder, "--fd", str(listening.fileno()), app]
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    log = Path(env["AGENTGAUGE_STORE"]).parent / f"{env['OPENAI_API_KEY']}.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            env=env,
            pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        listening.close()
        try:
            _wait_until_up(process, log)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait_until_up(process, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if "startup complete" in log.read_text():
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text())
