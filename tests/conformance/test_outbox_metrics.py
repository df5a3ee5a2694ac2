"""The state of the outbox arrives as OTLP metrics, and costs the program nothing where nobody listens."""

import logging
import os
import subprocess
import sys
import threading
import time

import pytest
from opentelemetry import metrics

import agentgauge as ag
from agentgauge.config import read_settings
from agentgauge.pipeline.refusals import TELLER_THREAD
from agentgauge.store import write
from otlp import Receiver

EVERY_S = 0.2
SPANS, AGE, DROPPED = (f"agentgauge.outbox.{name}" for name in ("spans", "age", "dropped"))


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


@pytest.fixture
def started(store, receiver):
    """Starts agentgauge with an impatient teller."""

    def start(**changed):
        given = {"service_name": "desk", "environment": "test", "store": str(store), "endpoint": receiver.url}
        given |= {"set_global": False, "outbox_metrics_s": EVERY_S} | changed
        ag.init(settings=read_settings({}, **given))

    return start


def calls(count):
    for _ in range(count):
        ag.record_call(model="m", provider="openai", input_tokens=1, output_tokens=1)


def wait_for(receiver, arrived, within_s=10):
    with receiver.arrived:
        assert receiver.arrived.wait_for(arrived, within_s)


def values(receiver, name, **wanted):
    return [
        value
        for resource, attributes, value in receiver.points(name)
        if wanted.items() <= (resource | attributes).items()
    ]


def tellers():
    return [thread for thread in threading.enumerate() if thread.name == TELLER_THREAD]


def test_what_waits_is_told_while_it_waits_and_that_it_left_at_the_end(started, receiver):
    receiver.status = 503
    started()
    calls(3)
    wait_for(receiver, lambda: 3 in values(receiver, SPANS))
    wait_for(receiver, lambda: max(values(receiver, AGE)) > EVERY_S)

    receiver.status = 200
    assert ag.shutdown()

    assert values(receiver, SPANS)[-1] == 0
    assert values(receiver, AGE)[-1] == 0.0
    resources = [resource for resource, _, _ in receiver.points(SPANS)]
    assert all(one == resources[0] for one in resources)
    assert resources[0].keys() == {"service.name", "deployment.environment.name", "service.instance.id"}
    assert not tellers()


def test_a_span_that_the_receiver_refuses_is_told_with_its_reason(started, receiver, monkeypatch):
    monkeypatch.setattr(receiver, "status_for", lambda body: 400 if b"bad" in body else 200)
    started()
    calls(1)
    with ag.agent("bad"):
        calls(1)
    with ag.agent("good"):
        calls(1)

    wait_for(receiver, lambda: 2 in values(receiver, DROPPED, **{"agentgauge.outbox.reason": "refused"}))
    assert set(values(receiver, DROPPED, **{"agentgauge.outbox.reason": "full"})) == {0}
    assert set(values(receiver, DROPPED, **{"agentgauge.outbox.reason": "unreadable"})) == {0}


def test_what_a_full_memory_drops_is_told(started, receiver, monkeypatch):
    monkeypatch.setattr(write, "MEMORY_SPANS", 2)
    receiver.status = 503
    started(store="off", flush_timeout_s=0.2)
    calls(6)

    wait_for(receiver, lambda: 4 in values(receiver, DROPPED, **{"agentgauge.outbox.reason": "full"}))
    assert values(receiver, SPANS)[-1] == 2


def test_a_drop_that_nobody_was_told_of_is_told_at_the_end(started, receiver, monkeypatch):
    monkeypatch.setattr(receiver, "status_for", lambda body: 400 if b"bad" in body else 200)
    started(outbox_metrics_s=60)
    calls(1)
    with ag.agent("bad"):
        calls(1)
    ag.shutdown()

    assert values(receiver, DROPPED, **{"agentgauge.outbox.reason": "refused"}) == [2]


def test_a_program_that_ends_soon_and_owes_nothing_tells_nothing(started, receiver):
    started(outbox_metrics_s=60)
    calls(3)

    assert ag.shutdown()
    assert len(receiver.spans()) == 3
    assert receiver.metric_bodies == []


def test_a_program_that_owes_nothing_loads_nothing_of_metrics(receiver, store):
    source = """
import sys, agentgauge as ag
ag.init("soon over")
ag.record_call(model="m", provider="openai", input_tokens=1, output_tokens=1)
assert ag.shutdown()
print([name for name in sys.modules if name.startswith("opentelemetry.sdk.metrics")])
"""
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "AGENTGAUGE_STORE": str(store)}
    ran = subprocess.run(
        [sys.executable, "-c", source], env=os.environ | variables, capture_output=True, check=True
    )

    assert (ran.stdout, ran.stderr) == (b"[]\n", b"")


def test_a_receiver_without_metrics_costs_no_span_and_no_word(started, receiver, monkeypatch, caplog, capfd):
    caplog.set_level(logging.DEBUG, logger="opentelemetry")
    asked = []
    monkeypatch.setattr(receiver, "status_for_metrics", lambda _: asked.append(1) or 404)
    started()
    calls(3)
    wait_for(receiver, lambda: len(asked) >= 4)

    assert ag.shutdown()
    assert len(receiver.spans()) == 3
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert capfd.readouterr() == ("", "")


def test_a_receiver_that_never_answers_metrics_holds_neither_spans_nor_the_exit_up(
    started, receiver, monkeypatch
):
    reached, over = threading.Event(), threading.Event()
    monkeypatch.setattr(receiver, "status_for_metrics", lambda _: reached.set() or over.wait(30) or 200)
    started()
    calls(1)
    assert reached.wait(10)
    calls(2)
    began = time.monotonic()

    assert ag.shutdown()
    took_s = time.monotonic() - began
    over.set()
    assert len(receiver.spans()) == 3
    assert took_s < 3


def test_the_programs_own_metrics_stay_as_they_are(started, receiver):
    before = metrics.get_meter_provider()
    started()
    calls(1)
    wait_for(receiver, lambda: receiver.metric_bodies)

    assert metrics.get_meter_provider() is before
    assert ag.shutdown()


@pytest.mark.parametrize("off", [{"endpoint": None}, {"outbox_metrics_s": 0}])
def test_without_an_endpoint_or_switched_off_nobody_tells(started, receiver, off):
    started(**off)
    calls(1)

    assert ag.shutdown()
    assert not tellers()
    assert receiver.metric_bodies == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("place", ["file", "memory"])
def test_a_forked_child_goes_on_with_the_outbox_that_it_has(started, receiver, store, place):
    receiver.status = 503
    started(store=str(store) if place == "file" else "off", flush_timeout_s=0.2)
    calls(1)
    wait_for(receiver, lambda: 1 in values(receiver, SPANS))
    child = os.fork()
    if child == 0:
        calls(4)
        time.sleep(30)
        os._exit(0)
    wanted = 5 if place == "file" else 4
    try:
        wait_for(receiver, lambda: wanted in values(receiver, SPANS))
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)

    outboxes = {resource["service.instance.id"] for resource, _, _ in receiver.points(SPANS)}
    assert len(outboxes) == (1 if place == "file" else 2)
