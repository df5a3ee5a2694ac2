"""A workflow's branches, notes, tags and ids: in its sums, in the store and in the report."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import agentgauge as ag
from agentgauge.report.build import build_report
from agentgauge.store.read import Selection
from books import rows

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def ask(gauge, client):
    """Makes one call under a key that says which branch it is of."""

    def ask(branch):
        client.with_options(api_key=f"sim-{branch}").chat.completions.create(**ASK)

    return ask


def in_order(run, ask):
    for name in ("b1", "b2"):
        with run.branch(name) as branch:
            ask(name)
        yield branch


def in_threads(run, ask, *, daemon):
    branches = []

    def work(name):
        with run.branch(name) as branch:
            branches.append(branch)
            ask(name)

    threads = [threading.Thread(target=work, args=(name,), daemon=daemon) for name in ("b1", "b2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return branches


def in_pool(run, ask):
    """The branch is opened by whoever hands over."""
    branches = []
    with ThreadPoolExecutor(2) as pool:
        for name in ("b1", "b2"):
            with run.branch(name) as branch:
                branches.append(branch)
                pool.submit(ask, name).result()
    return branches


def in_tasks(run, ask):
    branches = []

    async def work(name):
        async with run.branch(name) as branch:
            branches.append(branch)
            await asyncio.to_thread(ask, name)

    async def main():
        async with asyncio.TaskGroup() as group:
            for name in ("b1", "b2"):
                group.create_task(work(name))

    asyncio.run(main())
    return branches


FORKS = {
    "in order": in_order,
    "in threads": lambda run, ask: in_threads(run, ask, daemon=False),
    "in daemon threads": lambda run, ask: in_threads(run, ask, daemon=True),
    "in a pool": in_pool,
    "in tasks": in_tasks,
}


@pytest.mark.parametrize("way", FORKS)
def test_before_the_fork_and_in_each_branch(ask, server, store, way):
    with ag.workflow("trial", id="7") as run, ag.agent("a"):
        ask("trunk")
        ask("trunk")
        before = run.usage
        branches = {branch.name: branch.usage for branch in FORKS[way](run, ask)}
    books = server.books.to_dict()["by_api_key"]
    ag.shutdown()

    (workflow,) = build_report(store, Selection())["workflows"]
    reported = {branch["name"]: branch["input_tokens"] for branch in workflow["branches"]}
    booked = {key.removeprefix("sim-"): book["input_tokens"] for key, book in books.items()}
    assert (before.calls, before.input_tokens) == (2, booked.pop("trunk"))
    assert {name: usage.input_tokens for name, usage in branches.items()} == reported == booked
    assert run.usage.input_tokens == before.input_tokens + sum(booked.values()) == workflow["input_tokens"]


def test_what_a_workflow_notes_is_in_the_report(ask, store):
    with ag.workflow("build", tags={"team": "cs"}) as run:
        run.plan(["Create files", "Test"])
        with ag.step("Create files", index=1, count=2):
            ag.current().note_file("app.py", "created")
            run.note_template("flask", relevance=0.8)
        with ag.agent("writer"), ThreadPoolExecutor() as pool:
            pool.submit(lambda: ag.current().note_file("test.py")).result()
    ag.shutdown()

    (workflow,) = build_report(store, Selection())["workflows"]
    (scope,) = rows(store, "SELECT details FROM scopes WHERE kind = 'workflow'")
    assert sorted((file["path"], file["change"]) for file in workflow["files"]) == [
        ("app.py", "created"),
        ("test.py", "modified"),
    ]
    assert workflow["templates"] == [{"name": "flask", "relevance": 0.8}]
    assert [step["name"] for step in workflow["steps"]] == ["Create files"]
    assert '"plan":["Create files","Test"]' in scope["details"]


def test_tags_and_ids_are_on_every_call_inside(ask, store):
    with (
        ag.workflow("outer", tags={"team": "cs", "tier": "free"}, user_id="u", session_id="s"),
        ag.workflow("inner", id="i", tags={"tier": "paid"}, conversation_id="c"),
        ag.agent("a"),
        ThreadPoolExecutor() as pool,
    ):
        pool.submit(ask, "a").result()
    ask("nobody")
    ag.shutdown()

    inside, outside = rows(store)
    columns = ("workflow", "workflow_id", "tags", "user_id", "session_id", "conversation_id")
    assert [inside[name] for name in columns] == [
        *("inner", "i", '{"team":"cs","tier":"paid"}', "u", "s", "c"),
    ]
    assert [outside[name] for name in columns] == [None, None, "{}", None, None, None]


def test_a_workflow_inside_another_has_a_row_of_its_own(ask, store):
    with ag.workflow("outer") as outer:
        ask("a")
        with ag.workflow("inner") as inner:
            ask("a")
    ag.shutdown()

    listed = {row["workflow"]: row["calls"] for row in build_report(store, Selection())["workflows"]}
    assert listed == {"outer": 1, "inner": 1}
    assert (outer.usage.calls, inner.usage.calls) == (2, 1)


def test_the_bill_of_each_team(ask, server, store):
    for team in ("cs", "sales", "cs"):
        with ag.workflow("ticket", tags={"team": team}):
            ask(team)
    ask("nobody")
    books = server.books.to_dict()["by_api_key"]
    ag.shutdown()

    bill = build_report(store, Selection(), tags=["team"])["tags"]
    assert {row["value"] or "nobody": row["input_tokens"] for row in bill} == {
        key.removeprefix("sim-"): book["input_tokens"] for key, book in books.items()
    }
