"""Requests full of call spans, and the books of what is in them; nothing of agentgauge makes either."""

import random
import secrets
import time
from collections import Counter

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import ArrayValue

AGENTS = ("planner", "researcher", "writer", "critic")
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5")
TOOLS = ("search", "fetch", "percent_change")
CLIENT = 3
_TRACE = bytes(range(1, 17))
_SECOND = 10**9


class Requests:
    """A request of `calls` spans of one service, of which every copy is new to whoever counts.

    `change` is called with each span, for what the books do not have.
    """

    def __init__(self, service, *, calls=512, seed=1, agents=AGENTS, change=None):
        self.service, self.calls, self.change = service, calls, change
        self.books = Counter()
        chance = random.Random(seed)
        request = ExportTraceServiceRequest()
        group = request.resource_spans.add()
        put(group.resource, {"service.name": service})
        spans = group.scope_spans.add().spans
        for n in range(calls):
            agent = agents[n % len(agents)]
            self._add(spans.add(), agent=agent, chance=chance, span_id=n + 1)
        self._body = request.SerializeToString()
        assert self._body.count(_TRACE) == calls

    def fresh(self, trace=None):
        """The request with a trace id of its own."""
        return self._body.replace(_TRACE, trace or secrets.token_bytes(16))

    def told(self, times):
        """The books of this many copies, as `judge.found` reads Prometheus."""
        return Counter({key: times * count for key, count in self.books.items()})

    def _add(self, span, *, agent, chance, span_id):
        model, tools = chance.choice(MODELS), chance.sample(TOOLS, 2)
        used = _usage(chance)
        parts = {part: [chance.randrange(1, 200) for _ in tools] for part in ("definition", "new_result")}
        span.trace_id, span.span_id = _TRACE, span_id.to_bytes(8, "big")
        span.name, span.kind = f"chat {model}", CLIENT
        span.end_time_unix_nano = time.time_ns()
        span.start_time_unix_nano = span.end_time_unix_nano - chance.randrange(1, 5 * _SECOND)
        put(span, _attributes(agent, model, used) | _tools(tools, parts))
        if self.change:
            self.change(span)
        self._book(agent, model, used)
        for part, counts in parts.items():
            for tool, count in zip(tools, counts, strict=True):
                self.books["tool", tool, part] += count

    def _book(self, agent, model, used):
        values = {
            "requests": 1 + used["retries"],
            "input_tokens": used["input"],
            "output_tokens": used["output"],
            "reasoning_tokens": used["reasoning"],
            "cache_read_tokens": used["cache_read"],
            "cost_nanousd": used["input_nanousd"] + used["output_nanousd"],
        }
        for field, value in values.items():
            for kind, name in (("agent", agent), ("model", model), ("total", "")):
                self.books[kind, name, field] += value


def _usage(chance):
    tokens, output = chance.randrange(1000, 90_000), chance.randrange(100, 9_000)
    return {
        "input": tokens,
        "output": output,
        "cache_read": chance.randrange(tokens),
        "reasoning": chance.randrange(output),
        "input_nanousd": chance.randrange(10**9),
        "output_nanousd": chance.randrange(10**9),
        "retries": chance.choice((0, 0, 0, 1)),
    }


def _attributes(agent, model, used):
    """Those of a call span of the SDK, which has 34 with its tools'."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "gen_ai.response.model": f"{model}-2025-01-01",
        "gen_ai.response.id": "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.usage.input_tokens": used["input"],
        "gen_ai.usage.output_tokens": used["output"],
        "gen_ai.usage.cache_read.input_tokens": used["cache_read"],
        "gen_ai.usage.reasoning.output_tokens": used["reasoning"],
        "gen_ai.agent.name": agent,
        "gen_ai.workflow.name": "market-report",
        "server.address": "api.openai.com",
        "server.port": 443,
        "agentgauge.agent.role": "responder",
        "agentgauge.agent.path": f"planner/{agent}",
        "agentgauge.call.action": "generate",
        "agentgauge.has_tools": "true",
        "agentgauge.usage.source": "provider",
        "agentgauge.cost.nanousd": used["input_nanousd"] + used["output_nanousd"],
        "agentgauge.cost.input_nanousd": used["input_nanousd"],
        "agentgauge.cost.output_nanousd": used["output_nanousd"],
        "agentgauge.cost.source": "genai-prices",
        "agentgauge.retry.count": used["retries"],
        "agentgauge.outcome": "ok",
        "agentgauge.sampled": True,
        "agentgauge.delivery": "first",
    }


def _tools(names, parts):
    return {
        "agentgauge.tool.names": names,
        "agentgauge.tool.source": "exact",
        "agentgauge.tool.definition_tokens": parts["definition"],
        "agentgauge.tool.new_result_tokens": parts["new_result"],
        "agentgauge.tool.calls": [1 for _ in names],
    }


def put(owner, values):
    """Sets attributes of a span or a resource."""
    there = {pair.key: pair for pair in owner.attributes}
    for name, value in values.items():
        _set((there.get(name) or owner.attributes.add(key=name)).value, value)


def _set(holder, value):
    match value:
        case bool():
            holder.bool_value = value
        case int():
            holder.int_value = value
        case float():
            holder.double_value = value
        case str():
            holder.string_value = value
        case list():
            holder.array_value.CopyFrom(ArrayValue())
            for item in value:
                _set(holder.array_value.values.add(), item)
