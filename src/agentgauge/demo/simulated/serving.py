"""The server and its state."""

import sys
import threading
from collections import Counter
from http.server import ThreadingHTTPServer
from typing import Any, Self

from .books import Books
from .handler import Handler
from .responses import Responses
from .script import Script
from .usage_table import Row, row


class SimulatedServer(ThreadingHTTPServer):
    """Listens as soon as it is made; `serve_forever` answers, or a `with` block around its use.

    The URL has no path: OpenAI clients want `f"{url}/v1"`.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, *, seed: int = 7, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), Handler)
        self.books = Books(seed=seed)
        self.script = Script()
        self.responses = Responses()
        self.url = f"http://{host}:{self.server_address[1]}"
        self._seed = seed
        self._answers: Counter[str] = Counter()
        self._lock = threading.Lock()

    def next_row(self, api_key: str) -> Row:
        """The next row of an API key's usage table."""
        with self._lock:
            self._answers[api_key] += 1
            number = self._answers[api_key]
        return row(self._seed, api_key, number)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says what went wrong in here; that a client hangs up is its own affair."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.shutdown()
        self.server_close()
