"""Hooks in frameworks: waiting for them, versions that have other hooks, and errors of our own."""

import asyncio
from types import ModuleType

import pytest

import agentgauge as ag
from agentgauge import guard
from agentgauge.frameworks import start
from agentgauge.frameworks.opened import inside, open_agent, open_tool
from agentgauge.sources import names
from books import rows


@pytest.mark.parametrize("name", ["openai-agents", "langchain", "pydantic-ai", "crewai"])
def test_a_version_with_other_hooks_is_told_of_and_left_alone(gauge, store, name, monkeypatch):
    monkeypatch.setattr(names, "without_hook", set())
    start._watch(name, ModuleType("another_version"))

    assert names.without_hook == {name}  # their own instrumentations' spans are read then
    gauge.shutdown()
    ((code, message),) = ((row["code"], row["message"]) for row in rows(store, "SELECT * FROM warnings"))
    assert code == "framework"
    assert name in message


def test_a_hook_is_put_in_place_once(monkeypatch):
    awaited = []
    monkeypatch.setattr(start, "_awaited", set())
    monkeypatch.setattr(start, "when_imported", lambda module, _: awaited.append(module))

    start.start(("pydantic-ai", "spans"))
    start.start(("pydantic-ai", "crewai"))

    assert awaited == ["pydantic_ai", "crewai"]


def test_a_method_is_itself_while_its_framework_is_not_recognised():
    run = inside(lambda: ag.current().kind, lambda: open_agent("a"), "crewai")

    assert run() == "process"


def test_sync_and_async_methods_run_in_the_scope_and_keep_what_they_raise(gauge, store):
    def name():
        return ag.current().name

    async def later():
        return ag.current().name

    def fails():
        raise KeyError("x")

    assert inside(name, lambda: open_agent("a"), "crewai")() == "a"
    assert asyncio.run(inside(later, lambda: open_agent("b"), "crewai")()) == "b"
    with pytest.raises(KeyError):
        inside(fails, lambda: open_tool("t", call_id="c1"), "crewai")()

    gauge.shutdown()
    scopes = [(s["kind"], s["name"], s["status"]) for s in rows(store, "SELECT * FROM scopes")]
    assert scopes == [("agent", "a", "ok"), ("agent", "b", "ok"), ("tool", "t", "error")]


def test_an_exception_that_puts_a_run_off_is_no_error(gauge, store):
    class PutOffError(Exception):
        pass

    scope = open_tool("t")
    scope.no_failure = frozenset({"PutOffError"})
    scope.end(PutOffError())

    gauge.shutdown()
    (row,) = rows(store, "SELECT * FROM scopes")
    assert row["status"] == "ok"


def test_an_error_of_ours_never_reaches_the_framework(gauge, monkeypatch):
    monkeypatch.setattr(guard, "reraise", False)

    def broken(*_):
        raise RuntimeError("ours")

    assert inside(lambda: "theirs", broken, "crewai")() == "theirs"
    assert guard.failures.pop("recognising who runs in crewai: RuntimeError") == 1


def test_the_same_agent_is_not_opened_twice_and_the_users_takes_the_place_of_the_frameworks(gauge, store):
    with ag.agent("a"):
        assert open_agent("a") is None
    recognised = open_tool("t")
    recognised.attach()
    with ag.tool("t"):
        pass
    recognised.detach()
    recognised.end()

    gauge.shutdown()
    kinds = [(s["kind"], s["name"]) for s in rows(store, "SELECT * FROM scopes")]
    assert kinds == [("agent", "a"), ("tool", "t")]
