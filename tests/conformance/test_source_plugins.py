"""A package of somebody else's adds a source by an entry point; a broken one hurts nobody."""

import pytest
from opentelemetry import trace

import agentgauge
from agentgauge.config import read_settings
from books import booked, recorded, rows

SOURCE = """
from agentgauge.call import Call, Request, TokenUsage, UsageSource
from agentgauge.pipeline.reading import Reading


class Own:
    of_frameworks = False

    def claims(self, span):
        return span.name == "own request"

    def read(self, span, opened):
        {reading}
        context, said = span.get_span_context(), span.attributes
        return Reading(call=Call(
            trace_id=context.trace_id, span_id=context.span_id,
            parent_span_id=span.parent.span_id if span.parent else None,
            start_ns=span.start_time, end_ns=span.end_time,
            request=Request("chat", said["model"], provider="openai"),
            origin=opened.origin, usage=TokenUsage(said["in"], said["out"]),
            usage_source=UsageSource.PROVIDER,
        ))


def make(setup):
    {making}
    global tracer
    tracer = setup.tracer_provider.get_tracer("own")
    return Own()
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution `own-source`, as pip would, and starts agentgauge."""

    def installed(server, store, *, reading="", making=""):
        text = SOURCE.format(reading=reading or "pass", making=making or "pass")
        (tmp_path / "own_source.py").write_text(text)
        about = tmp_path / "own_source-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: own-source\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text("[agentgauge.sources]\nown = own_source:make\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(__import__("sys").modules, "own_source", raising=False)
        settings = read_settings(
            {}, store=str(store), providers={server.url.split("//")[1]: "openai"}, set_global=False
        )
        agentgauge.init(settings=settings)

    yield installed
    agentgauge.shutdown()


def _ask(client):
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}])


def _own_span():
    import own_source

    with agentgauge.agent("researcher"):
        span = own_source.tracer.start_span("own request")
        span.set_attributes({"model": "gpt-4o-mini", "in": 30, "out": 4})
        span.end()


def test_a_source_of_another_package_is_asked(install, server, store):
    install(server, store)

    _own_span()

    agentgauge.shutdown()
    (call,) = rows(store)
    assert (call["agent"], call["input_tokens"], call["output_tokens"]) == ("researcher", 30, 4)
    assert call["cost_nanousd"] == 30 * 150 + 4 * 600


@pytest.mark.parametrize("where", ["reading", "making"])
def test_a_broken_one_is_told_of_once_and_costs_nothing(install, server, store, client, caplog, where):
    install(server, store, **{where: "raise KeyError('PROMPT-7')"})

    if where == "reading":
        _own_span()
        _own_span()
    _ask(client)

    agentgauge.shutdown()
    assert recorded(rows(store)) == booked(server.books.to_dict())
    told = [record.getMessage() for record in caplog.records if "own" in record.getMessage()]
    assert told == ["The source 'own' failed (KeyError) and is not used. Is its package up to date?"]
    assert not trace.get_current_span().is_recording()
