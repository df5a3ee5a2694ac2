"""Small simulated servers of Gemini's and Converse's APIs, which keep what they told."""

import json
import threading
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


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(self.path)
        if "streamGenerateContent" in self.path:
            body, kind = f"data: {json.dumps(GEMINI)}\r\n\r\n".encode(), "text/event-stream"
        else:
            answer = CONVERSE if self.path.endswith("/converse") else GEMINI
            body, kind = json.dumps(answer).encode(), "application/json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
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
