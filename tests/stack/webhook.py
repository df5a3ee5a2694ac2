"""A receiver of Alertmanager's notifications."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby


class Webhook(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        self.received = []

    def statuses(self, alert, *, agent):
        """What this alert went through: firing, resolved. A group that changes is told again."""
        found = [one for body in list(self.received) for one in body["alerts"]]
        wanted = {"alertname": alert, "gen_ai_agent_name": agent}.items()
        return [
            status for status, _ in groupby(one["status"] for one in found if wanted <= one["labels"].items())
        ]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *args):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass
