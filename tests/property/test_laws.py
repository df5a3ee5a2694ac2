"""The laws of the contract, over random programs with a real client and the simulated server's books."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import AGENTS, Inside, Runner, programs

import agentgauge as ag
from agentgauge import guard, ledger
from agentgauge.config import read_settings
from agentgauge.demo.simulated import SimulatedServer
from agentgauge.report.build import build_report
from agentgauge.store.read import Selection
from books import assert_conserved

EXAMPLES = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Finished:
    """What one program left: the ledger's sums, the report, the rows, and the server's books."""

    def __init__(self, program, path, monkeypatch):
        path.unlink(missing_ok=True)
        monkeypatch.delenv("AGENTGAUGE_RUN_ID", raising=False)
        monkeypatch.setattr(ledger, "root", ledger.Account(parent=None, origin=ledger.Origin()))
        with SimulatedServer(seed=11) as server:
            host = server.url.split("//")[1]
            ag.init(
                settings=read_settings(
                    {}, service_name="laws", store=str(path), providers={host: "openai"}, set_global=False
                )
            )
            runner = Runner(server)
            try:
                runner.run(program)
                assert ag.shutdown()
            finally:
                runner.close()
            self.ledger = ledger.root.usage()
            self.books = server.books.to_dict()
        with closing(sqlite3.connect(path)) as db:
            db.row_factory = sqlite3.Row
            self.calls = [dict(row) for row in db.execute("SELECT * FROM calls")]
            self.tools = [dict(row) for row in db.execute("SELECT * FROM call_tools")]
            (run_id,) = db.execute("SELECT DISTINCT run_id FROM processes").fetchone()
        self.report = build_report(path, Selection(run_id=run_id))


@pytest.fixture
def finish(tmp_path, monkeypatch):
    return lambda program: Finished(program, tmp_path / "store.sqlite", monkeypatch)


@EXAMPLES
@given(program=programs)
def test_law_1_conservation(finish, program):
    done = finish(program)

    assert_conserved(done.report, done.ledger, done.books)


@EXAMPLES
@given(program=programs)
def test_law_3_of_which(finish, program):
    done = finish(program)

    tools = {}
    for row in done.tools:
        tools.setdefault(row["span_id"], []).append(row)
    for call in done.calls:
        given_, made = call["input_tokens"] or 0, call["output_tokens"] or 0
        mine = tools.get(call["span_id"], [])
        assert 0 <= (call["cache_read_tokens"] or 0) <= given_
        assert 0 <= (call["reasoning_tokens"] or 0) <= made
        into = ("definition_tokens", "new_result_tokens", "carried_result_tokens", "carried_call_tokens")
        assert 0 <= sum(row[name] for row in mine for name in into) <= given_
        assert 0 <= sum(row["call_tokens"] for row in mine) <= made
        assert 0 <= sum(row["cost_nanousd"] for row in mine) <= (call["cost_nanousd"] or 0)


@EXAMPLES
@given(program=programs)
def test_law_5_honest(finish, program):
    done = finish(program)

    for call in done.calls:
        unknown = call["usage_source"] == "none"
        assert unknown == (call["input_tokens"] is None and call["output_tokens"] is None)
        nobody_knows = call["request_model"] == "a-model-nobody-knows"
        assert (call["cost_nanousd"] is None) == (unknown or nobody_knows)
        assert (call["cost_source"] == "unpriced") == (call["cost_nanousd"] is None)
    unpriced = sum(
        (call["input_tokens"] or 0) + (call["output_tokens"] or 0)
        for call in done.calls
        if call["cost_nanousd"] is None
    )
    assert done.report["totals"]["unpriced_tokens"] == unpriced


@EXAMPLES
@given(program=programs)
def test_law_6_bounded(finish, program):
    done = finish(program)

    agents = {call["agent"] for call in done.calls}
    assert agents <= {*AGENTS, "unattributed"}
    for call in done.calls:
        assert call["action"] in {"generate", "stream"}
        assert call["outcome"] in {"ok", "error"}
        assert call["operation"] in {"chat", "embeddings"}
    assert {row["tool"] for row in done.tools} <= {"search", "fetch"}


STEPS = (
    "agentgauge.sources.openinference.read_answers",
    "agentgauge.price_list.PriceList.priced",
    "agentgauge.tokens.count_exchange",
    "agentgauge.pipeline.spans.call_span",
    "agentgauge.store.write.Store.write",
    "agentgauge.pipeline.exchange.OpenCalls.start",
    "agentgauge.sources.openai_client.ClientWatch._options",
    "agentgauge.scopes.scope.FinishedScope",
)


@EXAMPLES
@given(program=programs, step=st.sampled_from(STEPS))
def test_law_7_silent_whatever_breaks_inside(tmp_path, monkeypatch, program, step):
    """With a fault in any step, the program runs, and asks the server, as it would without us."""

    def broken(*_args, **_kwargs):
        raise RuntimeError("planted")

    with monkeypatch.context() as planted, SimulatedServer(seed=11) as server:
        planted.setattr(guard, "reraise", False)
        planted.setattr(step, broken)
        store = str(tmp_path / "store.sqlite")
        ag.init(
            settings=read_settings(
                {}, service_name="laws", store=store, flush_timeout_s=0.1, set_global=False
            )
        )
        runner = Runner(server)
        try:
            runner.run(program)
        finally:
            runner.close()
            ag.shutdown()
        asked = server.books.to_dict()["requests"]
    guard.failures.clear()
    assert asked == sum(requests_of(program))


def requests_of(program):
    for part in program:
        if isinstance(part, Inside):
            yield from requests_of(part.body)
        else:
            yield 2 if part.kind == "retried" else 1
