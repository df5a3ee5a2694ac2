"""Logfire with its instrumentation of the client."""

import os

import logfire
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from spans import plain

exporter = InMemorySpanExporter()


def begin():
    # Logfire looks past installed packages for the program's own line; this one runs from its checkout.
    logfire.add_non_user_code_prefix(os.environ["PYTHONPATH"])
    logfire.configure(
        send_to_logfire=False,
        console=False,
        inspect_arguments=False,
        additional_span_processors=[SimpleSpanProcessor(exporter)],
    )
    logfire.instrument_openai()


def seen():
    spans = plain(exporter.get_finished_spans())
    for span in spans:
        span["attributes"].pop("duration", None)
        if "took" in span["name"]:
            span["attributes"].pop("logfire.msg")  # the duration in words
    return spans
