"""What recording costs the caller: a call with agentgauge, with the instrumentation alone, with neither.

Run it with `make bench`. The transport answers from memory, so that only the client's own work, the
instrumentation's and ours are left. Three variants take turns, call by call, so that a machine whose speed
drifts treats them alike; the figures are medians over all calls, and the ratio is against the plain client.
"""

import json
import statistics
import sys
import time

import httpx2
import openai
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider

import agentgauge as ag
from agentgauge.config import read_settings

ROUNDS = 400
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": f"tool_{number}",
            "description": "Looks something up.",
            "parameters": {"type": "object", "properties": {"query": {"type": "string"}}},
        },
    }
    for number in range(8)
]
MESSAGES = [{"role": "user", "content": "What is new? " * 20}] * 8
ANSWER = {
    "id": "c-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-mini",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Nothing."}}
    ],
    "usage": {"prompt_tokens": 900, "completion_tokens": 12, "total_tokens": 912},
}


def client():
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=ANSWER))
    return openai.OpenAI(
        api_key="bench", base_url="https://api.openai.com/v1", http_client=httpx2.Client(transport=transport)
    )


def timed(asking):
    start = time.perf_counter_ns()
    asking.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, tools=TOOLS)
    return (time.perf_counter_ns() - start) / 1000


def measure(asking, start, stop):
    """Microseconds of one call each, alternating with whatever runs between rounds."""
    start()
    try:
        for _ in range(5):
            timed(asking)
        return [timed(asking) for _ in range(ROUNDS // 8)]
    finally:
        stop()


def main():
    asking = client()
    alone = OpenAIInstrumentor()
    variants = {
        "plain client": (lambda: None, lambda: None),
        "instrumentation alone": (
            lambda: alone.instrument(tracer_provider=TracerProvider()),
            alone.uninstrument,
        ),
        "agentgauge": (
            lambda: ag.init(settings=read_settings({}, service_name="bench", store=sys.argv[1])),
            ag.shutdown,
        ),
    }
    times = {name: [] for name in variants}
    for _ in range(8):
        for name, (start, stop) in variants.items():
            times[name] += measure(asking, start, stop)
    plain = statistics.median(times["plain client"])
    rows = [
        {
            "variant": name,
            "median_us": round(statistics.median(found)),
            "p95_us": round(statistics.quantiles(found, n=20)[-1]),
            "ratio": round(statistics.median(found) / plain, 2),
        }
        for name, found in times.items()
    ]
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
