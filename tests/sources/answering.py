"""Small simulated servers of Gemini's and Converse's APIs, which keep what they told."""

import base64
import json
import struct
import threading
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP"}],
    "modelVersion": "gemini-2.5-flash",
    "responseId": "gem-1",
    "usageMetadata": {
        "promptTokenCount": 310,
        "cachedContentTokenCount": 200,
        "candidatesTokenCount": 40,
        "thoughtsTokenCount": 25,
        "totalTokenCount": 375,
    },
}
CONVERSE = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
    "stopReason": "end_turn",
    "usage": {
        "inputTokens": 60,
        "outputTokens": 12,
        "totalTokens": 122,
        "cacheReadInputTokens": 40,
        "cacheWriteInputTokens": 10,
    },
    "metrics": {"latencyMs": 1},
}
CONVERSE_EVENTS = (
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hello"}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("messageStop", {"stopReason": "end_turn"}),
    ("metadata", {name: CONVERSE[name] for name in ("usage", "metrics")}),
)
CLAUDE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 60,
        "cache_read_input_tokens": 40,
        "cache_creation_input_tokens": 10,
        "output_tokens": 12,
    },
}
_BEGUN = CLAUDE | {"content": [], "stop_reason": None, "usage": CLAUDE["usage"] | {"output_tokens": 1}}
CLAUDE_EVENTS = (
    {"type": "message_start", "message": _BEGUN},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 12},
    },
    {"type": "message_stop"},
)


def _chunk_frame(event):
    return _frame("chunk", {"bytes": base64.b64encode(json.dumps(event).encode()).decode()})


def _frame(name, value):
    """One event in Amazon's framing: lengths, headers and payload, each with a checksum."""
    told = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        struct.pack("!B", len(key)) + key.encode() + struct.pack("!BH", 7, len(text)) + text.encode()
        for key, text in told.items()
    )
    payload = json.dumps(value).encode()
    lengths = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    framed = lengths + struct.pack("!I", zlib.crc32(lengths)) + headers + payload
    return framed + struct.pack("!I", zlib.crc32(framed))


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(self.path)
        if "refused" in self.path:
            self.refuse()
            return
        if "llama" in self.path:
            self.answer_llama()
            return
        if "streamGenerateContent" in self.path:
            body, kind = f"data: {json.dumps(GEMINI)}\r\n\r\n".encode(), "text/event-stream"
        elif self.path.endswith("/invoke-with-response-stream"):
            body, kind = b"".join(map(_chunk_frame, CLAUDE_EVENTS)), "application/vnd.amazon.eventstream"
        elif self.path.endswith("/converse-stream"):
            frames = (_frame(name, event) for name, event in CONVERSE_EVENTS)
            body, kind = b"".join(frames), "application/vnd.amazon.eventstream"
        else:
            ends = {"/converse": CONVERSE, "/invoke": CLAUDE, ":rawPredict": CLAUDE}
            answer = next((a for end, a in ends.items() if self.path.endswith(end)), GEMINI)
            body, kind = json.dumps(answer).encode(), "application/json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_llama(self):
        """A model that does not tell what it used: Bedrock does, in headers or in the last event."""
        counts = {"inputTokenCount": 60, "outputTokenCount": 12}
        events = ({"generation": "Hel"}, {"generation": "lo", "amazon-bedrock-invocationMetrics": counts})
        body = json.dumps({"generation": "Hello"}).encode()
        if self.path.endswith("-stream"):
            body = b"".join(map(_chunk_frame, events))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-bedrock-input-token-count", "60")
        self.send_header("x-amzn-bedrock-output-token-count", "12")
        self.end_headers()
        self.wfile.write(body)

    def refuse(self):
        body = json.dumps({"message": "no", "error": {"code": 400, "message": "no"}}).encode()
        self.send_response(400)
        self.send_header("x-amzn-ErrorType", "ValidationException")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def answering():
    """Its URL, and the paths that it was asked for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", server.asked
        finally:
            server.shutdown()
            thread.join()
