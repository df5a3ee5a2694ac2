"""Strange names, tags and settings: nothing but `ConfigError` is ever raised, and the calls are recorded."""

import os
from pathlib import Path

import pytest

import agentgauge as ag
from agentgauge.errors import AgentgaugeError
from agentgauge.guard import failures
from agentgauge.pipeline import runtime
from agentgauge.store.write import Store
from books import rows
from otlp import Receiver

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}


class Unprintable:
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


NAMES = {
    "long": "n" * 10_000,
    "control characters": "a\x00\n\x1b[31mb\x7f",
    "a lone surrogate": "half \ud83d",
    "direction marks": "a\u202eb",
    "empty": "",
    "blank": "  \t ",
    "none": None,
    "a number": 7,
    "a list": ["a"],
    "bytes": b"bytes",
    "unprintable": Unprintable(),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("scope", ["agent", "workflow", "step", "role", "tool"])
def test_any_name_of_a_scope_becomes_a_label(gauge, client, store, scope, name):
    with getattr(gauge, scope)(name), gauge.agent("inner"):
        client.chat.completions.create(**ASK)

    assert gauge.shutdown()
    (call,) = rows(store)

    assert call["outcome"] == "ok"
    for column in ("agent", "workflow", "step", "role"):
        label = call[column] or ""
        assert len(label) <= 128
        assert label.isprintable() or "\u202e" in label


@pytest.mark.parametrize("tags", [7, "team", ["a", "b"], {"a": None, 3: [1]}, {Unprintable(): Unprintable()}])
def test_tags_that_are_no_mapping_lose_no_call(gauge, client, store, tags):
    with gauge.workflow("w", tags=tags):
        client.chat.completions.create(**ASK)

    assert gauge.shutdown()
    assert [call["workflow"] for call in rows(store)] == ["w"]


@pytest.mark.parametrize("value", [*NAMES.values(), {"a": 1}], ids=[*NAMES, "a mapping"])
def test_any_other_argument_of_a_scope_is_taken_as_text(gauge, client, store, value):
    with (
        gauge.workflow("w", id=value, session_id=value, user_id=value, conversation_id=value),
        gauge.agent("a", role=value, description=value, id=value),
        gauge.step("s", index=value, count=value),
        gauge.tool("t", type=value, call_id=value),
    ):
        client.chat.completions.create(**ASK)

    assert gauge.shutdown()
    assert [call["agent"] for call in rows(store)] == ["a"]


def test_strange_notes_of_a_scope_are_kept_as_text(gauge, store):
    with gauge.workflow("w") as scope:
        scope.plan([None, 7, "a" * 10_000])
        scope.plan(7)
        scope.note_file(Path("a"), "deleted")
        scope.note_file(None, 3)
        scope.note_file("half \ud83d")
        scope.note_template(None, relevance="much")
        scope.note_template(Unprintable(), relevance=float("nan"))
        with scope.branch(None):
            pass

    assert gauge.shutdown()
    assert {scope["kind"] for scope in rows(store, "SELECT * FROM scopes")} == {"workflow", "branch"}


WRONG = {
    "service_name a number": {"service_name": 7},
    "service_name blank": {"service_name": "  "},
    "store a number": {"store": 7},
    "endpoint a number": {"endpoint": 7},
    "environment a number": {"environment": 7},
    "release a list": {"release": []},
    "providers a list": {"providers": ["localhost"]},
    "providers of numbers": {"providers": {"localhost": 7}},
    "settings a mapping": {"settings": {"store": "off"}},
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_init_refuses_arguments_of_a_wrong_type_by_name(arguments):
    (name,) = arguments

    with pytest.raises(AgentgaugeError, match=name):
        ag.init(**arguments)

    assert runtime.active() is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AGENTGAUGE_PROVIDERS", "no pairs"),
        ("AGENTGAUGE_FLUSH_TIMEOUT", "soon"),
        ("AGENTGAUGE_FLUSH_TIMEOUT", "nan"),
        ("AGENTGAUGE_INSTRUMENT", "maybe"),
        ("OTEL_RESOURCE_ATTRIBUTES", "=,a,b=\udcff"),
        ("OTEL_TRACES_SAMPLER", "smoke"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no headers"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "smoke"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere"),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "many"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0"),
    ],
)
def test_a_bad_variable_never_stops_the_recording(client, store, monkeypatch, variable, value):
    monkeypatch.setitem(os.environ, variable, value)
    if variable.startswith("OTEL_EXPORTER") and variable != "OTEL_EXPORTER_OTLP_ENDPOINT":
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("agentgauge.guard.reraise", False)
    ag.init("bad-variables", store=store)

    client.chat.completions.create(**ASK)

    ag.shutdown(timeout_s=2)
    assert len(rows(store)) == 1


def test_half_a_surrogate_pair_in_a_span_of_anothers_stops_no_other_span(server, client, store):
    with Receiver() as receiver:
        ag.init("surrogates", store=store, endpoint=receiver.url)
        with runtime.active().provider.get_tracer("theirs").start_as_current_span("half \ud83d") as span:
            span.set_attribute("half", "\ud83d")
        with ag.agent("a", description="half \ud83d"):
            client.chat.completions.create(**ASK)

        assert ag.shutdown()

    assert [span["name"] for span in receiver.spans()] == [
        "half ?",
        "invoke_agent a",
        "chat gpt-4o-mini",
    ]


def test_a_batch_that_cannot_be_written_stands_in_nobodys_way(gauge, client, store, monkeypatch):
    monkeypatch.setattr("agentgauge.guard.reraise", False)
    write, broken = Store.write, []

    def refuse_the_first(self, batch):
        broken.extend(batch.calls[: not broken])
        if any(call in broken for call in batch.calls):
            raise ValueError("a bug of ours")
        write(self, batch)

    monkeypatch.setattr(Store, "write", refuse_the_first)
    client.chat.completions.create(**ASK)
    runtime.active().pipeline.flush(timeout_s=5)
    client.chat.completions.create(**ASK)

    assert gauge.shutdown()
    assert len(rows(store)) == 1
    assert [warning["code"] for warning in rows(store, "SELECT code FROM warnings")] == ["internal"]
    assert failures.pop("storing what has ended: ValueError") == 1
