from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

# The imports below start agentgauge, which is to find a provider.
theirs = InMemorySpanExporter()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(theirs))

from openinference.instrumentation.smolagents import SmolagentsInstrumentor  # noqa: E402
from team import ag  # noqa: E402
from use_smolagents import agent, weather  # noqa: E402

# Theirs is the global provider, so the spans go there, and are read there.
SmolagentsInstrumentor().uninstrument()
SmolagentsInstrumentor().instrument(tracer_provider=trace.get_tracer_provider())

agent("alone", [weather]).run("Hello")
with ag.agent("desk"):
    agent("desk", [weather]).run("Hello")
print(sum(span.name == "alone.run" for span in theirs.get_finished_spans()))
