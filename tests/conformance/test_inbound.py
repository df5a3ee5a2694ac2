"""What comes in by ASGI and WSGI: a believable caller's calls are its own, other headers change nothing."""

import asyncio
import contextlib
import logging
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests
from opentelemetry import baggage, trace
from opentelemetry import propagate as otel_propagate
from opentelemetry.propagators.composite import CompositePropagator

from agentgauge import asgi, guard, propagate, wsgi
from books import booked, recorded, rows

TRACE, SPAN = "0123456789abcdef0123456789abcdef", "0123456789abcdef"
PARENT = f"00-{TRACE}-{SPAN}-01"
BAGGAGE = "gen_ai.agent.name=planner,agentgauge.agent.role=boss,gen_ai.workflow.name=ticket"
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


def by_asgi(work, headers):
    """Handles one request with these headers, a list of pairs; `work` is what the application does."""

    async def app(scope, receive, send):
        work()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        pass

    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    asyncio.run(asgi.Middleware(app)({"type": "http", "headers": pairs}, None, send))


def by_wsgi(work, headers):
    def app(environ, start_response):
        work()
        return [b""]

    joined = {}
    for name, value in headers:  # as a server joins them
        key = "HTTP_" + name.upper().replace("-", "_")
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    wsgi.Middleware(app)(joined, None)


def by_hand(work, headers):
    with propagate.extract(headers):
        work()


every_way = pytest.mark.parametrize("handle", [by_asgi, by_wsgi, by_hand])


@pytest.fixture
def ask(client):
    return lambda: client.chat.completions.create(**ASK)


class Silent(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def told(call):
    return call["agent"], call["agent_path"], call["role"], call["workflow"]


@every_way
def test_a_call_outside_any_agent_is_the_callers(gauge, store, server, ask, handle):
    handle(ask, [("traceparent", PARENT), ("baggage", BAGGAGE)])
    gauge.shutdown()
    (call,) = rows(store)

    assert told(call) == ("planner", "planner", "boss", "ticket")
    assert (call["trace_id"], call["parent_span_id"]) == (TRACE, SPAN)
    assert recorded([call]) == booked(server.books.to_dict()["by_api_key"]["sim-tester"])


@every_way
def test_an_agent_of_its_own_stands_below_the_callers(gauge, store, ask, handle):
    handle(gauge.agent("researcher")(ask), [("traceparent", PARENT), ("baggage", BAGGAGE)])
    gauge.shutdown()
    (call,) = rows(store)
    (scope,) = rows(store, "SELECT * FROM scopes")

    assert told(call) == ("researcher", "planner/researcher", "boss", "ticket")
    assert (scope["trace_id"], scope["parent_span_id"]) == (TRACE, SPAN)


@every_way
def test_the_next_request_is_not_the_callers(gauge, store, ask, handle):
    handle(lambda: None, [("traceparent", PARENT), ("baggage", BAGGAGE)])
    handle(ask, [])
    ask()
    gauge.shutdown()

    assert [told(call) for call in rows(store)] == [("unattributed", "", None, None)] * 2
    assert TRACE not in {call["trace_id"] for call in rows(store)}


def test_a_workflow_goes_over_without_any_agent(gauge, store, ask):
    headers = {}
    with gauge.workflow("ticket", id="T-42"):
        propagate.inject(headers)
    by_asgi(ask, list(headers.items()))
    gauge.shutdown()
    (call,) = rows(store)

    assert told(call) == ("unattributed", "", None, "ticket")
    assert call["workflow_id"] == "T-42"


def test_callers_at_the_same_time_are_not_mixed_up(gauge, store, async_client):
    """Half of the requests work in an agent of the service's own, half in none."""
    everybody_is_in = asyncio.Barrier(64)

    async def app(scope, receive, send):
        await everybody_is_in.wait()
        with gauge.agent("researcher") if scope["odd"] else contextlib.nullcontext():
            await async_client.chat.completions.create(**ASK)

    async def one(number):
        who = f"gen_ai.agent.name=planner-{number},agentgauge.workflow.id=T-{number}"
        headers = [(b"baggage", who.encode()), (b"traceparent", f"00-{number + 1:032x}-{SPAN}-01".encode())]
        await asgi.Middleware(app)({"type": "http", "headers": headers, "odd": number % 2}, None, None)

    async def main():
        async with async_client:
            await asyncio.gather(*[one(number) for number in range(64)])

    asyncio.run(main())
    gauge.shutdown()

    assert {(c["workflow_id"], c["agent_path"], int(c["trace_id"], 16)) for c in rows(store)} == {
        (f"T-{number}", f"planner-{number}{'/researcher' * (number % 2)}", number + 1) for number in range(64)
    }
    assert len(rows(store)) == 64


def test_a_real_wsgi_server(gauge, store, server, ask):
    def app(environ, start_response):
        with gauge.agent("researcher"):
            ask()
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    with make_server("127.0.0.1", 0, wsgi.Middleware(app), handler_class=Silent) as service:
        thread = threading.Thread(target=service.handle_request)
        thread.start()
        headers = {}
        with gauge.workflow("ticket") as run, gauge.agent("planner", role="boss"):
            propagate.inject(headers)
            requests.get(f"http://127.0.0.1:{service.server_port}/", headers=headers, timeout=30)
        thread.join()
    gauge.shutdown()
    (call,) = rows(store)

    assert told(call) == ("researcher", "planner/researcher", "boss", "ticket")
    assert recorded([call]) == booked(server.books.to_dict()["by_api_key"]["sim-tester"])
    assert run.usage.calls == 0  # the other side's, though here it is the same process


HOSTILE = {
    "broken members": [("baggage", ",;=,gen_ai.agent.name=%ff,agentgauge.agent.role=a%0ab")],
    "an enormous header": [("baggage", BAGGAGE + ",k=" + "v" * 9000)],
    "bytes": [("baggage", "gen_ai.agent.name=\xff\xfe"), ("traceparent", "\xff" * 55)],
    "another key": [("baggage", "user.id=mallory,agentgauge.tag.team=x")],
    "a trace of zeros": [("traceparent", f"00-{'0' * 32}-{SPAN}-01")],
    "a trace of another form": [("traceparent", f"00-{TRACE}-{SPAN}-01-more"), ("tracestate", "x")],
    "an enormous trace": [("traceparent", PARENT + "0" * 10_000)],
    "two traces": [("traceparent", PARENT), ("traceparent", PARENT.replace("1", "2"))],
    "a thousand headers": [("x-h", "v")] * 1000 + [("baggage", BAGGAGE), ("traceparent", PARENT)],
}


@pytest.mark.parametrize("headers", HOSTILE.values(), ids=HOSTILE)
def test_a_header_that_cannot_be_believed_changes_nothing(gauge, store, ask, headers, caplog):
    caplog.set_level(logging.WARNING)
    by_asgi(ask, headers)
    gauge.shutdown()
    (call,) = rows(store)

    assert told(call) == ("unattributed", "", None, None)
    assert call["parent_span_id"] is None
    assert not caplog.records  # a stranger's bytes are not in the log either


@pytest.mark.parametrize("state", ["v=1", "bad state!,=", "k=" + "v" * 600, "a=\xff"])
def test_a_state_costs_the_trace_nothing(gauge, store, ask, state, caplog):
    caplog.set_level(logging.WARNING)
    by_asgi(ask, [("traceparent", PARENT), ("tracestate", state)])
    gauge.shutdown()

    assert rows(store)[0]["parent_span_id"] == SPAN
    assert not caplog.records


@pytest.mark.parametrize("headers", [None, 7, [("a",)], [(None, None)], {"baggage": ["x"]}, {b"baggage": 7}])
def test_what_is_no_headers_at_all_is_none(gauge, headers, monkeypatch):
    monkeypatch.setattr(guard, "reraise", False)
    with propagate.extract(headers):
        found = gauge.current().usage.calls
    guard.failures.clear()

    assert found == 0


def test_several_baggage_headers_are_one(gauge, store, ask):
    by_asgi(ask, [("baggage", "a=1"), ("Baggage", BAGGAGE)])
    gauge.shutdown()

    assert told(rows(store)[0]) == ("planner", "planner", "boss", "ticket")


def test_nothing_of_the_caller_is_in_baggage_that_goes_on(gauge):
    """OpenTelemetry's own instrumentation would send it to whichever host comes next."""
    theirs = baggage.set_baggage("customer", "c1", baggage.set_baggage("gen_ai.agent.name", "planner"))
    from opentelemetry import context

    token = context.attach(theirs)
    with propagate.extract({"baggage": BAGGAGE}):
        found = dict(baggage.get_all())
    context.detach(token)

    assert found == {"customer": "c1"}


def test_a_server_span_of_opentelemetrys_own_stays_the_parent(gauge, store, ask):
    from opentelemetry.sdk.trace import TracerProvider

    with TracerProvider().get_tracer("theirs").start_as_current_span("GET /") as span:
        by_asgi(ask, [("traceparent", PARENT), ("baggage", BAGGAGE)])
    gauge.shutdown()
    (call,) = rows(store)

    assert call["parent_span_id"] == f"{span.get_span_context().span_id:016x}"
    assert call["agent"] == "planner"


def test_a_scope_round_the_whole_server_does_not_take_the_callers_trace(gauge, store, ask):
    with gauge.workflow("serve"):
        by_asgi(ask, [("traceparent", PARENT), ("baggage", BAGGAGE)])
    gauge.shutdown()

    assert rows(store)[0]["trace_id"] == TRACE


def test_a_caller_in_the_same_process_counts_once(gauge, ask):
    headers = {}
    with gauge.workflow("w") as run, gauge.agent("planner"):
        propagate.inject(headers)
        by_asgi(ask, list(headers.items()))

    assert (run.usage.calls, run.usage.by_agent["planner"].calls) == (1, 1)


def test_usage_inside_is_of_this_request(gauge, ask):
    with propagate.extract({"baggage": BAGGAGE}) as caller:
        ask()
        within = gauge.current().usage.calls
    ask()

    assert (caller.usage.calls, within) == (1, 1)


def test_a_body_that_is_made_while_it_is_sent_is_inside(gauge, store, ask):
    def app(environ, start_response):
        for _ in range(2):
            ask()
            yield b"part"

    body = wsgi.Middleware(app)({"HTTP_BAGGAGE": BAGGAGE}, None)
    parts = []
    for part in body:
        parts.append(part)
        assert gauge.current().name == "process"  # between two parts the server is outside
    body.close()
    gauge.shutdown()

    assert parts == [b"part"] * 2
    assert [call["agent"] for call in rows(store)] == ["planner"] * 2


@every_way
def test_an_error_of_the_application_passes(gauge, handle):
    def fail():
        raise KeyError("theirs")

    with pytest.raises(KeyError, match="theirs"):
        handle(fail, [("baggage", BAGGAGE)])


def test_other_connections_pass_untouched(gauge):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope)

    lifespan = {"type": "lifespan"}
    asyncio.run(asgi.Middleware(app)(lifespan, None, None))

    assert seen == [lifespan]


def test_work_that_outlives_its_request_is_nobodys(gauge, store, ask):
    left = {}

    async def app(scope, receive, send):
        left["task"] = asyncio.ensure_future(later())

    async def later():
        await left["over"].wait()
        ask()

    async def main():
        left["over"] = asyncio.Event()
        await asgi.Middleware(app)({"type": "http", "headers": [(b"baggage", BAGGAGE.encode())]}, None, None)
        left["over"].set()
        await left["task"]

    asyncio.run(main())
    gauge.shutdown()

    assert told(rows(store)[0]) == ("unattributed", "", None, None)


def test_without_propagators_nothing_is_read(gauge, store, ask, monkeypatch):
    """What OTEL_PROPAGATORS=none sets."""
    monkeypatch.setattr(otel_propagate, "_HTTP_TEXT_FORMAT", CompositePropagator([]))
    by_asgi(ask, [("traceparent", PARENT), ("baggage", BAGGAGE)])
    gauge.shutdown()
    (call,) = rows(store)

    assert told(call) == ("unattributed", "", None, None)
    assert call["trace_id"] != TRACE


def test_before_init_requests_pass(store):
    by_asgi(lambda: None, [("traceparent", PARENT), ("baggage", BAGGAGE)])

    with propagate.extract({"traceparent": PARENT}), contextlib.suppress(KeyError):
        assert not trace.get_current_span().get_span_context().is_valid
