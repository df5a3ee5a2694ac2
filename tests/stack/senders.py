"""Senders of OTLP requests: many at once, each on its own connection, each until it is acknowledged."""

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

HEADERS = {"Content-Type": "application/x-protobuf"}
GIVE_UP_S = 180.0
PAUSE_S = 0.02


class Sender:
    """Sends to a host and port; `acknowledged` and `refused` count requests."""

    def __init__(self, address):
        self.address = address
        self.acknowledged = 0
        self.refused = 0
        self._here = threading.local()
        self._changed = threading.Condition()

    def deliver(self, body):
        """Until it is acknowledged."""
        until = time.monotonic() + GIVE_UP_S
        while not self.sent(body):
            assert time.monotonic() < until, "nobody acknowledges"
            time.sleep(PAUSE_S)

    def sent(self, body):
        """Whether it was acknowledged, on this thread's connection."""
        try:
            acknowledged = self._status(body) == 200
        except (OSError, http.client.HTTPException):
            self._here.connection = None
            acknowledged = False
        with self._changed:
            self.acknowledged += acknowledged
            self.refused += not acknowledged
            self._changed.notify_all()
        return acknowledged

    def wait_for(self, acknowledged):
        with self._changed:
            assert self._changed.wait_for(lambda: self.acknowledged >= acknowledged, GIVE_UP_S)

    def _status(self, body):
        connection = getattr(self._here, "connection", None)
        if connection is None:
            connection = self._here.connection = http.client.HTTPConnection(*self.address, timeout=30)
        connection.request("POST", "/v1/traces", body, HEADERS)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def deliver_all(sender, bodies, *, senders):
    """Every request, by this many threads at full speed."""
    with ThreadPoolExecutor(senders) as pool:
        list(pool.map(sender.deliver, bodies))


@contextmanager
def under_load(sender, requests, *, senders, pause_s=0.0):
    """Delivers fresh copies until the block ends, and to the last; yields those that were taken up."""
    over, taken = threading.Event(), []

    def work():
        while not over.is_set():
            body = requests.fresh()
            taken.append(body)
            sender.deliver(body)
            time.sleep(pause_s)

    with ThreadPoolExecutor(senders) as pool:
        running = [pool.submit(work) for _ in range(senders)]
        try:
            yield taken
        finally:
            over.set()
        for one in running:
            one.result()
