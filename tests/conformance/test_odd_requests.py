"""Requests that the simulated server does not know, answered by a server of these tests."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
import pytest

from books import rows

USAGE = {"input_tokens": 100, "output_tokens": 50, "total_tokens": 150}


def response(status, usage=None):
    return {
        "id": "resp_1",
        "object": "response",
        "model": "gpt-4o",
        "status": status,
        "output": [],
        "usage": usage,
    }


class Handler(BaseHTTPRequestHandler):
    """`background` streams end before their response does; asked for again, it is completed."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        if "stream=true" in self.path:
            self.events(("created", response("in_progress")), ("completed", response("completed", USAGE)))
        else:
            self.json(response("completed", USAGE))

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        if self.path.endswith("/compact"):
            self.json({"id": "cmp_1", "object": "response.compaction", "output": [], "usage": USAGE})
        else:
            self.events(("created", response("queued")), ("in_progress", response("in_progress")))

    def json(self, value):
        self.send(json.dumps(value), "application/json")

    def events(self, *found):
        lines = [{"type": f"response.{name}", "sequence_number": 0, "response": body} for name, body in found]
        self.send("".join(f"data: {json.dumps(line)}\n\n" for line in lines), "text/event-stream")

    def send(self, text, kind):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture
def odd(gauge):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with openai.OpenAI(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key="k") as made:
            yield made
        server.shutdown()


def tokens(gauge, store):
    gauge.shutdown()
    return [(row["input_tokens"], row["output_tokens"], row["usage_source"]) for row in rows(store)]


@pytest.mark.parametrize(
    "asked_again",
    [
        lambda client: client.responses.retrieve("resp_1"),
        lambda client: list(client.responses.retrieve("resp_1", stream=True, starting_after=1)),
    ],
    ids=["polled", "resumed"],
)
def test_a_background_stream_counts_once_when_its_usage_is_known(gauge, store, odd, asked_again):
    list(odd.responses.create(model="gpt-4o", input="x", stream=True, background=True))
    asked_again(odd)
    asked_again(odd)

    assert tokens(gauge, store) == [(100, 50, "provider")]


def test_a_compaction_is_a_call(gauge, store, odd):
    if not hasattr(odd.responses, "compact"):
        pytest.fail("the pinned client has it")
    odd.responses.compact(model="gpt-4o", input="x")

    assert tokens(gauge, store) == [(100, 50, "provider")]


@pytest.mark.parametrize(
    "broken",
    [{"input": object()}, {"input": "x", "extra_headers": {"X-Odd": object()}}],
    ids=["a body that is no JSON", "a header that is no text"],
)
def test_a_request_that_never_left_is_no_call(gauge, store, odd, broken):
    with pytest.raises(TypeError):
        odd.responses.create(model="gpt-4o", **broken)

    assert tokens(gauge, store) == []
