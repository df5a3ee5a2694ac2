"""What goes out by httpx, requests and urllib: who is calling, to hosts of the list and to nobody else."""

import asyncio
import contextlib
import urllib.request

import httpx2
import openai
import pytest
import requests
from opentelemetry import propagate as otel_propagate
from opentelemetry import trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from agentgauge import propagate
from agentgauge.config import read_settings
from receiver import members, receiving

WHO = {
    "gen_ai.agent.name": "researcher",
    "agentgauge.agent.role": "responder",
    "agentgauge.agent.path": "planner/researcher",
    "gen_ai.workflow.name": "ticket: größe, 1=2",
    "agentgauge.workflow.id": "T-42",
    "agentgauge.workflow.branch": "b1",
}


def by_httpx(url, headers):
    httpx2.get(url, headers=headers, follow_redirects=True).raise_for_status()


def by_async_httpx(url, headers):
    async def get():
        async with httpx2.AsyncClient(follow_redirects=True) as client:
            (await client.get(url, headers=headers)).raise_for_status()

    asyncio.run(get())


def by_requests(url, headers):
    requests.get(url, headers=headers, timeout=10).raise_for_status()


def by_urllib(url, headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10):
        pass


every_client = pytest.mark.parametrize("get", [by_httpx, by_async_httpx, by_requests, by_urllib])


@pytest.fixture
def listed():
    with receiving() as server:
        yield server


@pytest.fixture
def stranger():
    with receiving() as server:
        yield server


@pytest.fixture
def telling(gauge, listed, server, store):
    """agentgauge with `listed` on its list, and the simulated model server as well."""
    gauge.shutdown()
    hosts = [listed.host, server.url.split("//")[1]]
    start(gauge, store, server, propagate_to=hosts)
    return gauge


def start(gauge, store, server, **more):
    host = server.url.split("//")[1]
    settings = read_settings(
        {}, service_name="test", store=str(store), providers={host: "openai"}, set_global=False, **more
    )
    gauge.init(settings=settings)


@contextlib.contextmanager
def somebody(ag):
    """An agent below another, in a branch of a workflow; gives the trace id."""
    workflow = ag.workflow("ticket: größe, 1=2", id="T-42")
    responder = ag.agent("researcher", role="responder")
    with workflow as run, run.branch("b1"), ag.agent("planner"), responder:
        yield f"{trace.get_current_span().get_span_context().trace_id:032x}"


@every_client
def test_a_host_on_the_list_is_told_who_calls(telling, listed, get):
    with somebody(telling) as trace_id:
        get(listed.url, {})

    (headers,) = listed.seen
    assert members(headers) == WHO
    assert headers["traceparent"].split("-")[1] == trace_id


@every_client
def test_another_host_is_told_nothing(telling, stranger, get):
    with somebody(telling):
        get(stranger.url, {})

    (headers,) = stranger.seen
    assert {"baggage", "traceparent", "tracestate"} & headers.keys() == set()


@every_client
def test_a_redirect_to_another_host_takes_nothing_along(telling, listed, stranger, get):
    with somebody(telling):
        get(f"{listed.url}?to={stranger.url}", {})

    assert members(listed.seen[0]) == WHO
    assert {"baggage", "traceparent"} & stranger.seen[0].keys() == set()


@every_client
def test_a_redirect_to_a_host_on_the_list_is_told_once(telling, listed, get):
    with somebody(telling):
        get(f"{listed.url}?to={listed.url}", {})

    assert [members(headers) for headers in listed.seen] == [WHO, WHO]


@every_client
def test_headers_that_are_there_are_kept_and_nothing_is_doubled(telling, listed, get):
    theirs = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
    stale = "customer=c%201;hidden, gen_ai.agent.name=somebody-else"
    with somebody(telling):
        get(listed.url, {"traceparent": theirs, "baggage": stale})

    (headers,) = listed.seen
    assert headers["traceparent"] == theirs
    assert members(headers) == {"customer": "c 1;hidden", **WHO}


@every_client
def test_outside_any_scope_there_is_nothing_to_tell(telling, listed, get):
    get(listed.url, {})

    assert {"baggage", "traceparent"} & listed.seen[0].keys() == set()


@every_client
def test_without_a_list_nobody_is_told_and_the_clients_are_as_they_were(gauge, server, store, listed, get):
    before = httpx2.Client._send_single_request
    gauge.shutdown()
    start(gauge, store, server)
    with somebody(gauge):
        get(listed.url, {})

    assert {"baggage", "traceparent"} & listed.seen[0].keys() == set()
    assert httpx2.Client._send_single_request is before


def test_shutdown_gives_the_clients_their_methods_back(telling):
    hooked = httpx2.Client._send_single_request, requests.adapters.HTTPAdapter.send
    telling.shutdown()
    now = httpx2.Client._send_single_request, requests.adapters.HTTPAdapter.send

    assert all(hasattr(method, "__wrapped__") for method in hooked)
    assert not any(hasattr(method, "__wrapped__") for method in now)


class _Spy(httpx2.BaseTransport):
    """Hands requests on, and keeps their headers."""

    def __init__(self):
        self.inner, self.seen = httpx2.HTTPTransport(), []

    def handle_request(self, request):
        self.seen.append(dict(request.headers))
        return self.inner.handle_request(request)


def asked(server, agent_scope):
    """The headers of a model call."""
    spy = _Spy()
    with agent_scope, httpx2.Client(transport=spy) as http:
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="sim-tester", http_client=http)
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}])
    return spy.seen[0]


def test_a_model_server_is_told_nothing_though_it_is_on_the_list(telling, server):
    headers = asked(server, telling.agent("planner"))

    assert {"baggage", "traceparent"} & headers.keys() == set()


def test_nor_is_one_that_nobody_named_a_model_server(gauge, server, store):
    gauge.shutdown()
    host = server.url.split("//")[1]
    gauge.init(settings=read_settings({}, service_name="test", store=str(store), propagate_to=[host]))

    headers = asked(server, gauge.agent("planner"))

    assert {"baggage", "traceparent"} & headers.keys() == set()


@every_client
def test_nor_is_a_host_that_has_a_provider_by_whichever_client(gauge, server, store, listed, get):
    gauge.shutdown()
    settings = read_settings(
        {}, store=str(store), providers={listed.host: "vllm"}, propagate_to=[listed.host]
    )
    gauge.init(settings=settings)
    with somebody(gauge):
        get(listed.url, {})

    assert {"baggage", "traceparent"} & listed.seen[0].keys() == set()


@every_client
def test_nor_is_whoever_a_models_client_asks(telling, listed, get):
    """The clients of OpenAI and Anthropic, and others from the same generator, have this header."""
    with somebody(telling):
        get(listed.url, {"X-Stainless-Lang": "python"})

    assert {"baggage", "traceparent"} & listed.seen[0].keys() == set()


@every_client
def test_requests_that_instrumentations_shall_leave_alone_are_left_alone(telling, listed, get):
    with somebody(telling), suppress_instrumentation():
        get(listed.url, {})

    assert {"baggage", "traceparent"} & listed.seen[0].keys() == set()


def test_what_the_program_sees_of_its_request_has_nothing_on_it(telling, listed):
    with somebody(telling):
        response = httpx2.get(listed.url, headers={"baggage": "customer=c1"})

    assert response.request.headers["baggage"] == "customer=c1"
    assert "traceparent" not in response.request.headers


@pytest.mark.parametrize(
    ("propagators", "told"), [([], set()), ([TraceContextTextMapPropagator()], {"traceparent"})]
)
def test_opentelemetrys_propagators_decide_what_is_written(telling, listed, monkeypatch, propagators, told):
    """What OTEL_PROPAGATORS=none and =tracecontext set."""
    monkeypatch.setattr(otel_propagate, "_HTTP_TEXT_FORMAT", CompositePropagator(propagators))
    with somebody(telling):
        by_httpx(listed.url, {})

    assert {"baggage", "traceparent"} & listed.seen[0].keys() == told


class TestInject:
    """The helper, for clients that have no hook."""

    def test_it_writes_into_any_mapping(self, telling):
        headers = {}
        with somebody(telling):
            propagate.inject(headers)

        assert members(headers) == WHO
        assert "traceparent" in headers

    def test_with_a_url_the_list_is_asked(self, telling, listed, stranger):
        told, untold = {}, {}
        with somebody(telling):
            propagate.inject(told, url=listed.url)
            propagate.inject(untold, url=stranger.url)

        assert members(told) == WHO
        assert untold == {}

    def test_a_name_that_is_there_is_found_in_any_case(self, telling):
        headers = {"Baggage": "customer=c1", "Traceparent": "theirs"}
        with somebody(telling):
            propagate.inject(headers)

        assert headers.keys() == {"Baggage", "Traceparent"}
        assert members({"baggage": headers["Baggage"]}) == {"customer": "c1", **WHO}

    def test_before_init_it_does_nothing(self):
        headers = {}
        propagate.inject(headers)

        assert headers == {}
