"""What `shutdown()` answers is true: whether all of this process is stored, and sent."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import agentgauge as ag
from agentgauge.config import read_settings
from agentgauge.pipeline import runtime
from agentgauge.store.write import Batch
from books import rows
from otlp import Receiver


def start(store, **more):
    ag.init(settings=read_settings({}, service_name="s", store=str(store), set_global=False, **more))


def call():
    ag.record_call(model="m", provider="openai", input_tokens=1, output_tokens=1)


def test_it_is_false_where_nothing_could_be_stored(caplog, tmp_path):
    (tmp_path / "file").touch()
    start(tmp_path / "file" / "store.sqlite")
    call()

    assert not ag.shutdown()
    assert "cannot be written" in caplog.text


def test_somebody_elses_database_is_left_as_it_is(caplog, store):
    theirs = sqlite3.connect(store)
    theirs.execute("CREATE TABLE users (name TEXT)")
    theirs.commit()
    theirs.close()
    before = store.read_bytes()
    start(store)
    call()

    assert not ag.shutdown()
    assert store.read_bytes() == before
    assert "no agentgauge store" in caplog.text


def test_spans_of_others_that_wait_are_no_loss_of_ours(store):
    with Receiver() as receiver:
        start(store, endpoint=receiver.url)
        other = {"trace_id": "1" * 32, "span_id": "2" * 16, "span": "{}", "ended_ns": 1, "resource": "{}"}
        writer = type(runtime.active().pipeline.store)(store, runtime.active().pipeline.store.process)
        writer.write(Batch(spans=[other | {"endpoint": receiver.url, "leased_until_s": 1e11}]))
        writer.close()
        call()

        assert ag.shutdown()
        assert len(rows(store, "SELECT * FROM outbox")) == 1


def test_processes_that_share_an_endpoint_all_say_that_they_are_done(store):
    source = (
        "import sys, agentgauge as ag; ag.init('v', store=sys.argv[1], endpoint=sys.argv[2])\n"
        "for _ in range(100): ag.record_call(model='m', input_tokens=1, output_tokens=1)\n"
        "sys.exit(not ag.shutdown(timeout_s=30))"
    )
    with Receiver() as receiver:
        command = [sys.executable, "-c", source, str(store), receiver.url]
        processes = [subprocess.Popen(command) for _ in range(3)]

        assert [process.wait(60) for process in processes] == [0, 0, 0]
        assert len(receiver.spans()) == 300


def test_a_store_that_another_process_holds_keeps_nobody_waiting_for_long(store, caplog):
    start(store)
    ag.shutdown()
    with closing(sqlite3.connect(store)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        start(store, flush_timeout_s=1.0)
        call()
        assert not ag.shutdown()

        assert time.monotonic() - began < 5
    assert "what is left is lost" in caplog.text


def test_calls_that_end_while_the_store_is_held_are_stored_when_it_is_free(store):
    start(store)
    ag.shutdown()
    with closing(sqlite3.connect(store)) as other:
        other.execute("BEGIN EXCLUSIVE")
        start(store)
        call()
        assert not runtime.active().pipeline.flush(timeout_s=1.5)
        other.rollback()

    assert ag.shutdown()
    assert len(rows(store)) == 1
    assert len(rows(store, "SELECT * FROM processes")) == 2
