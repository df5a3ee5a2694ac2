"""OpenInference, started by the program itself: prompts and answers are on its spans."""

import plain
from openinference.instrumentation.openai import OpenAIInstrumentor


def begin():
    plain.begin()
    OpenAIInstrumentor().instrument()


seen = plain.seen
