"""HTTP/1.1 on one connection: reading bodies, sending JSON and streams, hanging up."""

import json
import select
import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

MAX_BODY_BYTES = 10 * 1024 * 1024
DRAINED_BYTES = 16 * MAX_BODY_BYTES
STALL_S = 10.0


class Refusal(Exception):  # noqa: N818  # an answer to a client, no failure of this program
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


def error_body(message: str, *, kind: str, code: str | None = None) -> dict[str, Any]:
    """An error as OpenAI words it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


class Connection(BaseHTTPRequestHandler):
    """One client's connection, kept alive between requests; says nothing on stderr."""

    protocol_version = "HTTP/1.1"
    server_version = "simulated-model-server/1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name for it
        """Keeps the terminal for the program under demonstration."""

    def read_body(self) -> bytes:
        """The request's body.

        Raises:
            Refusal: it is over MAX_BODY_BYTES, or of unknown length.
        """
        try:
            length = int(self.headers.get("Content-Length") or -1)
        except ValueError:
            length = -1
        if length < 0:
            self.close_connection = True
            raise Refusal(411, "The request needs a Content-Length.")
        if length > MAX_BODY_BYTES:
            self.close_connection = True
            # An unread body would reset the connection before the client has read the refusal.
            left = min(length, DRAINED_BYTES)
            while left > 0 and (part := self.rfile.read(min(left, 65536))):
                left -= len(part)
            raise Refusal(413, f"The body is over {MAX_BODY_BYTES} bytes.")
        return self.rfile.read(length)

    def read_json(self) -> Any:
        """The request's body as JSON.

        Raises:
            Refusal: it is none.
        """
        try:
            return json.loads(self.read_body() or b"null")
        except ValueError as error:
            raise Refusal(400, f"The body is no JSON: {error}") from error

    def send_json(self, value: object, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """One JSON answer."""
        self.send_text(json.dumps(value), status=status, kind="application/json", headers=headers)

    def send_text(
        self, text: str, *, status: int = 200, kind: str = "text/plain", headers: dict[str, str] | None = None
    ) -> None:
        """One answer of any text."""
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def begin_stream(self) -> None:
        """The head of an event stream."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send_chunk(self, content: bytes) -> None:
        """One part of a stream; an empty one ends it."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))

    def hang_up(self) -> None:
        """Closes the connection where it stands."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the client was faster

    def await_disconnect(self) -> None:
        """Returns when the client has closed the connection, or after STALL_S."""
        self.close_connection = True
        end = time.monotonic() + STALL_S
        while (left := end - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], left)
            if readable and not self.connection.recv(4096):
                return
