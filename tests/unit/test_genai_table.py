"""The Collector's table of foreign spans, held against the SDK, which reads the same spans in the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from opentelemetry.sdk.trace import Span, TracerProvider

from agentgauge.call import Call, Origin
from agentgauge.ledger import Account
from agentgauge.pipeline.exchange import OpenCalls
from agentgauge.price_list import PriceList
from agentgauge.pricing import provider_of
from agentgauge.semconv import call_attributes, of_foreign_span
from agentgauge.sources.genai import GenAISpans

TABLE = Path(__file__).parents[2] / "collector" / "genaiprocessor" / "testdata" / "spans.yaml"
CASES = {case["name"]: case for case in yaml.safe_load(TABLE.read_text())["cases"]}
COMPARED = (
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "gen_ai.response.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "agentgauge.usage.cache_write_1h_tokens",
    "gen_ai.usage.reasoning.output_tokens",
)


def read(attributes: dict[str, Any]) -> Call | None:
    span = TracerProvider().get_tracer("foreign").start_span("a span")
    assert isinstance(span, Span)
    span.set_attributes(attributes)
    source = GenAISpans(lambda host, port, path: provider_of(host, port, path, providers={}), lambda _: False)
    if not source.claims(span):
        return None
    call = source.read(span, OpenCalls().start(span, Account(parent=None, origin=Origin()))).call
    return PriceList().priced(call) if call is not None else None


def of_the_sdk(case: dict[str, Any]) -> bool:
    """Whether the SDK meets such spans, and knows them by their own words."""
    return case["kind"] == "client" and not any(name.startswith(("ai.", "langfuse.")) for name in case["in"])


def written(attributes: dict[str, Any]) -> dict[str, Any]:
    """What is compared, with what the metrics and the SDK say of a model that nobody named."""
    found = {name: attributes.get(name) for name in COMPARED}
    found["gen_ai.request.model"] = found["gen_ai.request.model"] or "unknown"
    if found["gen_ai.operation.name"] == "embeddings":
        found["gen_ai.usage.output_tokens"] = 0
    return found


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if of_the_sdk(case)])
def test_a_call_is_read_as_the_collector_reads_it(name: str) -> None:
    given, added = CASES[name]["in"], CASES[name]["added"]

    call = read(given)

    if added["agentgauge.usage.source"] == "none":
        assert call is None  # a client's own layer tells of it, or nobody can
        return
    assert call is not None
    if call.request.server_address == "localhost":
        added = {**added, "gen_ai.provider.name": call.request.provider}  # there its word stays, unpriced
    assert written(dict(call_attributes(call))) == written({**given, **added})
    cost = [call.cost.input_nanousd, call.cost.output_nanousd] if call.cost else None
    assert cost == CASES[name].get("nanousd")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["kind"] == "internal"])
def test_what_is_no_call_there_is_none_here(name: str) -> None:
    given = CASES[name]["in"]
    if "agentgauge.usage.source" in given:
        return  # the SDK's own
    assert read(given) is None


def test_the_table_has_cases_for_both() -> None:
    assert sum(map(of_the_sdk, CASES.values())) > 15


def test_a_framework_span_beside_a_call_is_sent_as_the_collector_knows_it() -> None:
    case = CASES["a framework's span that the SDK sends beside the call"]["in"]

    sent = of_foreign_span({**CASES["a provider known by its host"]["in"], "gen_ai.provider.name": "openai"})

    assert sent == {**case, "server.address": "api.openai.com"}
    assert of_foreign_span({"http.request.method": "GET"}) == {"http.request.method": "GET"}
