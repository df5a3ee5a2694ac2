"""The background thread: order, batches, waits with a bound, and what goes wrong inside."""

import threading
import time

import pytest

from agentgauge import guard
from agentgauge.pipeline.worker import Worker


class Sink:
    """What was processed and committed; each can be made to fail."""

    def __init__(self):
        self.processed, self.committed, self.commits = [], [], 0
        self.accepts = True
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def process(self, item):
        self.may_go_on.wait(10)
        if item == "bad":
            raise ValueError(item)
        self.processed.append(item)

    def commit(self):
        self.commits += 1
        if self.accepts:
            self.committed = list(self.processed)
        return self.accepts


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def worker(sink):
    return Worker(process=sink.process, commit=sink.commit)


def test_items_are_processed_in_order_and_committed_together(worker, sink):
    for number in range(100):
        worker.put(number)

    assert worker.flush(timeout_s=5)
    assert sink.committed == list(range(100))
    assert sink.commits < 10


def test_what_is_put_is_committed_without_a_flush(worker, sink):
    worker.put("call")
    deadline = time.monotonic() + 5

    while sink.committed != ["call"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_putting_never_waits_for_the_work(worker, sink):
    sink.may_go_on.clear()
    began = time.monotonic()

    for number in range(1000):
        worker.put(number)

    assert time.monotonic() - began < 1
    sink.may_go_on.set()
    assert worker.flush(timeout_s=5)


def test_waits_are_bounded_and_say_that_time_ran_out(worker, sink):
    sink.may_go_on.clear()
    worker.put("stuck")

    assert not worker.settled(timeout_s=0.05)
    assert not worker.flush(timeout_s=0.05)

    sink.may_go_on.set()
    assert worker.settled(timeout_s=5)


def test_a_commit_that_is_refused_is_tried_again(worker, sink):
    sink.accepts = False
    worker.put("call")
    assert not worker.flush(timeout_s=0.1)

    sink.accepts = True

    assert worker.flush(timeout_s=5)
    assert sink.committed == ["call"]


def test_an_item_that_fails_stops_no_other(worker, sink, monkeypatch):
    monkeypatch.setattr(guard, "reraise", False)
    worker.put("first")
    worker.put("bad")
    worker.put("last")

    assert worker.flush(timeout_s=5)
    assert sink.committed == ["first", "last"]
    assert guard.failures.pop("processing what has ended: ValueError") == 1


def test_a_paused_worker_holds_still(worker, sink):
    worker.put("before")
    assert worker.flush(timeout_s=5)
    worker.pause(timeout_s=5)
    worker.put("during")

    assert not worker.settled(timeout_s=0.05)

    worker.resume()
    assert worker.settled(timeout_s=5)


def test_a_child_starts_empty_with_a_thread_of_its_own(worker, sink):
    sink.may_go_on.clear()
    worker.put("the parent's")

    worker.after_fork()
    sink.may_go_on.set()
    worker.put("the child's")

    assert worker.flush(timeout_s=5)
    assert "the child's" in sink.committed
