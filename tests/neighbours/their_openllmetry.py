"""OpenLLMetry's instrumentation of the client."""

import plain
from opentelemetry.instrumentation.openai import OpenAIInstrumentor


def begin():
    plain.begin()
    OpenAIInstrumentor().instrument()


seen = plain.seen
