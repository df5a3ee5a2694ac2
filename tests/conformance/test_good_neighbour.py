"""What agentgauge takes of a process, and gives back."""

import random
import signal
import subprocess
import sys
import threading

import openai
import pytest
from opentelemetry import context, trace
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

import agentgauge as ag
from books import rows

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
CLASSES = [
    openai._base_client.BaseClient,
    openai._base_client.SyncAPIClient,
    openai._base_client.AsyncAPIClient,
    openai.OpenAI,
    openai.AsyncOpenAI,
    openai.AzureOpenAI,
    openai.AsyncAzureOpenAI,
]
IMPORTING = """
import os, signal, sys, threading
def state():
    return (dict(os.environ), list(sys.meta_path), threading.active_count(), signal.getsignal(signal.SIGTERM))
before = state()
import atexit
ends = atexit._ncallbacks()
import agentgauge
from opentelemetry import trace
assert state() == before
assert atexit._ncallbacks() - ends <= 1, atexit._ncallbacks() - ends  # logging's own
assert trace._TRACER_PROVIDER is None
heavy = {"openai", "openinference.instrumentation.openai", "httpx", "httpx2", "requests", "rich", "tiktoken"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def attributes():
    return [dict(vars(owner)) for owner in CLASSES]


def test_importing_changes_nothing_and_starts_nothing():
    done = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_shutdown_gives_the_client_back_as_it_was(gauge, client):
    gauge.shutdown()
    before = attributes()
    ag.init("test", store="off")
    client.chat.completions.create(**ASK)
    during = attributes()

    gauge.shutdown()

    assert before == attributes() != during


def test_shutdown_gives_the_process_back_as_it_was(gauge):
    gauge.shutdown()
    finders, handler = list(sys.meta_path), signal.getsignal(signal.SIGTERM)
    ag.init("test", store="off")
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)

    gauge.shutdown()

    assert (sys.meta_path, signal.getsignal(signal.SIGTERM)) == (finders, handler)
    assert trace._TRACER_PROVIDER is None


def test_a_stream_that_is_open_at_shutdown_goes_on(gauge, client, server):
    stream = client.chat.completions.create(**ASK, stream=True)
    next(stream)

    gauge.shutdown()

    assert list(stream)[-1].choices[0].finish_reason == "stop"


def test_calls_that_run_while_it_starts_and_ends_are_none_of_its_business(gauge, client, server):
    failed = []

    def ask():
        try:
            for _ in range(10):
                client.chat.completions.create(**ASK)
        except Exception as error:  # noqa: BLE001  # whatever it is
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        gauge.shutdown()
        ag.init("test", store="off")
    for thread in threads:
        thread.join()

    assert failed == []
    assert server.books.to_dict()["requests"] == 40


def test_a_program_that_silences_instrumentations_is_billed_all_the_same(gauge, client, store):
    token = context.attach(context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
    try:
        client.chat.completions.create(**ASK)
    finally:
        context.detach(token)

    gauge.shutdown()
    assert len(rows(store)) == 1


@pytest.mark.parametrize("while_running", [True, False])
def test_the_programs_random_numbers_are_its_own(gauge, client, while_running):
    if not while_running:
        gauge.shutdown()
    random.seed(5)

    client.chat.completions.create(**ASK)

    assert random.random() == random.Random(5).random()


LATER = """
import logging, sys
logging.basicConfig(stream=sys.stdout)
import agentgauge as ag
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
early = trace.get_tracer("early")
ag.init("test", store="off")
tracer = trace.get_tracer("app")
assert tracer.start_span("nobody's yet").is_recording()
theirs, seen = TracerProvider(), InMemorySpanExporter()
theirs.add_span_processor(SimpleSpanProcessor(seen))
trace.set_tracer_provider(theirs)
assert trace.get_tracer_provider() is theirs
tracer.start_span("theirs").end()
early.start_span("theirs too").end()
ag.shutdown()
tracer.start_span("still theirs").end()
assert trace.get_tracer_provider() is theirs
print([span.name for span in seen.get_finished_spans()])
"""


def test_a_provider_that_comes_after_init_gets_its_place_and_all_its_spans():
    done = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "['theirs', 'theirs too', 'still theirs']\n"
