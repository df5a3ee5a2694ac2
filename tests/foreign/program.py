"""A program without agentgauge: `program.py INSTRUMENTATION MODEL_SERVER COLLECTOR`."""

import sys
from importlib import import_module

import openai
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

INSTRUMENTATIONS = {
    "openllmetry": "opentelemetry.instrumentation.openai",
    "official": "opentelemetry.instrumentation.genai.openai",
    "openinference": "openinference.instrumentation.openai",
}
TOOL = {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}


def main():
    name, server, collector = sys.argv[1:]
    provider = TracerProvider(resource=Resource({"service.name": f"foreign-{name}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{collector}/v1/traces")))
    import_module(INSTRUMENTATIONS[name]).OpenAIInstrumentor().instrument(tracer_provider=provider)
    with openai.OpenAI(base_url=f"{server}/v1", api_key="sim-unattributed", max_retries=0) as client:
        work(client)
    provider.shutdown()


def work(client):
    ask = client.chat.completions.create
    asked = [{"role": "user", "content": "What does a heat pump cost?"}]
    ask(model="gpt-4o-mini", messages=asked)
    ask(model="gpt-4o-mini", messages=asked, tools=[TOOL])
    for _ in ask(model="gpt-4o", messages=asked, stream=True, stream_options={"include_usage": True}):
        pass
    client.embeddings.create(model="text-embedding-3-small", input="heat pump")


if __name__ == "__main__":
    main()
