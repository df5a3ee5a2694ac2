"""A request that its model cannot take is said before it leaves; it leaves all the same."""

import json
import logging
import time

import pytest
from genai_prices.data import providers

import agentgauge as ag
from agentgauge.config import read_settings
from agentgauge.context_check import least_tokens
from agentgauge.context_window import window_of
from agentgauge.report.build import build_report
from agentgauge.store.read import Selection
from agentgauge.tokens.vocabulary import count_tokens
from books import rows
from otlp import Receiver

NOW = time.time_ns()
WORDS = "one two three four five six seven eight nine ten "
LIMITS = {"gpt-4o-mini": 1000, "text-embedding-*": 1000, "gpt-3.5-turbo-instruct": 1000}


def say(count):
    return [{"role": "user", "content": WORDS * (count // 10)}]


@pytest.fixture
def asked(server, store, client, caplog):
    """Makes one call and returns what was logged, the report's warnings, and the span's attributes."""

    def run(call, limits=LIMITS):
        host = server.url.split("//")[1]
        given = {"store": str(store), "providers": {host: "openai"}, "context_limits": limits}
        with Receiver() as receiver, caplog.at_level(logging.WARNING):
            ag.init(settings=read_settings({}, endpoint=receiver.url, set_global=False, **given))
            call(client)
            ag.shutdown()
            (span,) = receiver.spans()
        assert server.books.to_dict()["requests"] >= 1
        warned = [
            w["message"] for w in build_report(store, Selection())["warnings"] if w["code"] == "context"
        ]
        return [r.getMessage() for r in caplog.records], warned, span["attributes"]

    return run


def test_it_is_logged_reported_and_on_the_span(asked, store):
    logged, warned, attributes = asked(
        lambda c: c.chat.completions.create(model="gpt-4o-mini", messages=say(1200))
    )

    (said,) = logged
    assert warned == [said]
    assert "at least 1,200 tokens of input" in said
    assert "takes 1,000" in said
    assert attributes["agentgauge.context.exceeded_limit"] == 1000
    assert [call["outcome"] for call in rows(store)] == ["ok"]


FITTING = {
    "below": lambda c: c.chat.completions.create(model="gpt-4o-mini", messages=say(900)),
    "long words": lambda c: c.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "a" * 50_000}]
    ),
    "a picture": lambda c: c.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A " * 9000}}
                ],
            }
        ],
    ),
    "many texts, each short": lambda c: c.embeddings.create(
        model="text-embedding-3-small", input=[WORDS * 50] * 10
    ),
    "a model without a limit": lambda c: c.chat.completions.create(model="our-own", messages=say(5000)),
}


@pytest.mark.parametrize("kind", FITTING)
def test_what_may_fit_is_not_flagged(asked, kind):
    logged, warned, attributes = asked(FITTING[kind])

    assert (logged, warned) == ([], [])
    assert "agentgauge.context.exceeded_limit" not in attributes


TOO_LONG = {
    "with the output asked for": lambda c: c.chat.completions.create(
        model="gpt-4o-mini", messages=say(600), max_tokens=500
    ),
    "with the output of each choice": lambda c: c.chat.completions.create(
        model="gpt-4o-mini", messages=say(600), max_completion_tokens=500, n=2
    ),
    "responses": lambda c: c.responses.create(model="gpt-4o-mini", input=WORDS * 120),
    "a tool's result": lambda c: c.responses.create(
        model="gpt-4o-mini",
        input=[{"type": "function_call_output", "call_id": "c", "output": WORDS * 120}],
    ),
    "completions": lambda c: c.completions.create(model="gpt-3.5-turbo-instruct", prompt=WORDS * 120),
    "embeddings": lambda c: c.embeddings.create(model="text-embedding-3-small", input=["a", WORDS * 120]),
    "a stream": lambda c: list(
        c.chat.completions.create(model="gpt-4o-mini", messages=say(1200), stream=True)
    ),
}


@pytest.mark.parametrize("kind", TOO_LONG)
def test_what_cannot_fit_is_flagged(asked, kind):
    logged, _, attributes = asked(TOO_LONG[kind])

    assert len(logged) == 1
    assert attributes["agentgauge.context.exceeded_limit"] == 1000


def test_the_public_list_is_the_default(asked):
    _, (said,), attributes = asked(
        lambda c: c.embeddings.create(model="text-embedding-3-small", input=WORDS * 900), limits={}
    )

    assert "takes 8,192" in said
    assert attributes["agentgauge.context.exceeded_limit"] == 8192


def test_the_list_is_that_of_genai_prices():
    (openai,) = [p for p in providers if p.id == "openai"]
    theirs = {m.id: m.context_window for m in openai.models if m.context_window and m.match.is_match(m.id)}
    ours = {name: window_of("openai", name, at_ns=NOW, own={}) for name in theirs}

    assert len(theirs) > 40
    assert {name: found for name, found in ours.items() if found is not None}.items() <= theirs.items()
    assert ours["gpt-4o"] == 128_000


@pytest.mark.parametrize(
    ("own", "window"),
    [
        ({"gpt-4o": 10, "*": 20}, 10),
        ({"azure.ai.openai/*": 30}, 30),
        ({"openai/gpt-4o": 30}, 128_000),
        ({"GPT-*": 40}, 40),
    ],
)
def test_ones_own_limit_goes_before_the_list(own, window):
    assert window_of("azure.ai.openai", "gpt-4o", at_ns=NOW, own=own) == window


def test_nobody_knows_a_server_without_a_name():
    assert window_of(None, "gpt-4o", at_ns=NOW, own={}) is None


@pytest.mark.parametrize(
    "text",
    [
        WORDS * 50,
        "Über uns: 12.5 %, äöü!\n\n- eins\n- zwei\n",
        "日本語 の 文章 です",
        "def f(x):\n    return x + 1\n" * 9,
    ],
)
def test_the_bound_is_never_above_the_count(text):
    least = least_tokens(json.dumps({"messages": [{"role": "user", "content": text}]}).encode())

    for encoding in ("o200k_base", "cl100k_base"):
        assert 0 < least <= count_tokens(text, encoding=encoding)


@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b"{broken", b'{"messages": 5, "input": {"a": null}}'])
def test_what_cannot_be_read_has_no_bound(body):
    assert least_tokens(body) == 0


def test_the_variable():
    read = read_settings({"AGENTGAUGE_CONTEXT_LIMITS": "our-*=8192, gpt=many"})

    assert read.context_limits == {"our-*": 8192}
    assert "gpt='many'" in read.problems[0]
