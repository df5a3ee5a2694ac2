"""OpenLLMetry and OpenInference on one client."""

import their_openllmetry
from openinference.instrumentation.openai import OpenAIInstrumentor


def begin():
    their_openllmetry.begin()
    OpenAIInstrumentor().instrument()


seen = their_openllmetry.seen
