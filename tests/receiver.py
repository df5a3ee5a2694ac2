"""A service that keeps the headers of each request that reaches it, and redirects where it is asked to."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class Receiver(ThreadingHTTPServer):
    """`seen` has the headers of each request, names in lower case; `/?to=URL` redirects."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen = []

    @property
    def host(self):
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self):
        return f"http://{self.host}/"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        to = parse_qs(urlsplit(self.path).query).get("to")
        self.send_response(302 if to else 200)
        if to:
            self.send_header("Location", to[0])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def receiving():
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def members(headers):
    """The members of a baggage header, decoded; a key that is there twice is an error."""
    pairs = [part.split("=", 1) for part in headers.get("baggage", "").split(",") if part]
    found = {key.strip(): unquote(value) for key, value in pairs}
    assert len(found) == len(pairs), headers["baggage"]
    return found
