"""The simulated server as a process of its own, as the demo and the tests start it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self
from urllib.request import ProxyHandler, Request, build_opener

from agentgauge.errors import AgentgaugeError

_ANSWER_S = 10.0
_END_S = 5.0


class SimulatedServerProcess:
    """Runs within a `with` block; ends with it, or with this process, however that ends."""

    def __init__(self, *, seed: int = 7) -> None:
        self._seed = seed
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    @property
    def base_url(self) -> str:
        """What an OpenAI client calls its base URL."""
        return f"{self.url}/v1"

    @property
    def address(self) -> str:
        """host:port."""
        return self.url.removeprefix("http://")

    def __enter__(self) -> Self:
        script = str(Path(__file__).with_name("server.py"))
        # A session of its own: Ctrl-C is for the demo, which still wants to read the books.
        self._process = subprocess.Popen(  # noqa: S603  # our own script
            [sys.executable, "-I", script, "--seed", str(self._seed), "--stop-with-stdin"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            status = self._process.wait()
            raise AgentgaugeError(
                f"The simulated model server did not start (exit status {status}); its own error is above. "
                "Is this Python allowed to listen on 127.0.0.1?"
            )
        return self

    def __exit__(self, *args: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def follow(self, script: dict[str, Any]) -> None:
        """Tells the server how to answer one API key."""
        self._ask("/script", json.dumps(script).encode())

    def books(self) -> dict[str, Any]:
        """What the server has told its clients: sums, and the same by API key and model."""
        found: dict[str, Any] = self._ask("/books", None)
        return found

    def _ask(self, path: str, body: bytes | None) -> Any:
        direct = build_opener(ProxyHandler({}))  # no proxy knows this machine's own ports
        request = Request(f"{self.url}{path}", data=body)  # noqa: S310  # http to our own server
        with direct.open(request, timeout=_ANSWER_S) as answer:
            return json.load(answer)
