"""Which process tells of which spans, and what is told of those that were given up."""

import sqlite3
import time

import pytest

from agentgauge.config import read_settings
from agentgauge.pipeline.teller import address_of
from agentgauge.store import telling, write
from agentgauge.store.rows import Process, span_key
from agentgauge.store.schema import TABLES
from agentgauge.store.telling import FULL, REFUSED, own
from agentgauge.store.write import Batch, Store

ENDPOINT = "http://collector:4318"


@pytest.fixture
def opened(store):
    """Makes a process with that service at the same file, or at a memory of its own."""
    made = []

    def open_(service, environment=None, *, path=store):
        made.append(Store(path, Process("run", service, environment)))
        return made[-1]

    yield open_
    for one in made:
        one.close()


def put(store, *numbers, age_s=0.0, endpoint=ENDPOINT):
    service, environment = own(store.process)
    ended_ns = time.time_ns() - int(age_s * 1e9)
    rows = [
        {
            **span_key(number, number),
            "span": "{}",
            "ended_ns": ended_ns,
            "resource": "{}",
            "endpoint": endpoint,
            "service": service,
            "environment": environment,
        }
        for number in numbers
    ]
    store.write(Batch(spans=rows))


def turn(store, every_s=60.0):
    """{service: state} that this process tells now."""
    states = telling.take_turn(store, endpoint=ENDPOINT, every_s=every_s)
    return {state.service: state for state in states}


def tell(store, every_s=0.0):
    states = turn(store, every_s)
    telling.told(store, states.values(), endpoint=ENDPOINT)
    return states


def test_a_process_tells_of_its_service_even_where_nothing_waits(opened):
    (state,) = turn(opened("shop", "prod")).values()

    assert (state.service, state.environment, state.waiting, state.age_s) == ("shop", "prod", 0, 0.0)


def test_what_waits_is_told_with_the_age_of_the_oldest(opened):
    shop = opened("shop")
    put(shop, 1, 2, age_s=3)
    put(shop, 3, age_s=90)
    put(shop, 4, age_s=500, endpoint="http://elsewhere:4318")

    state = turn(shop)["shop"]

    assert state.waiting == 3
    assert state.age_s == pytest.approx(90, abs=5)


def test_processes_of_one_store_take_turns_in_the_same_series(opened):
    first, second = opened("shop"), opened("shop")

    told = turn(first)["shop"]

    assert turn(second) == {}
    assert turn(second, every_s=0.0)["shop"].outbox_id == told.outbox_id


def test_a_turn_from_the_future_holds_nobody_back(opened, store):
    shop = opened("shop")
    tell(shop)
    with sqlite3.connect(store) as db:
        db.execute("UPDATE outbox_told SET claimed_s = claimed_s + 3600")

    assert turn(shop).keys() == {"shop"}


def test_what_a_dead_process_left_is_told_under_its_own_service_until_it_is_gone(opened):
    put(opened("nightly"), 1, 2)
    shop = opened("shop")

    assert {name: state.waiting for name, state in tell(shop).items()} == {"shop": 0, "nightly": 2}
    shop.acknowledged(shop.lease(endpoint=ENDPOINT, limit=10, seconds=1))
    assert {name: state.waiting for name, state in tell(shop).items()} == {"shop": 0, "nightly": 0}
    assert tell(shop).keys() == {"shop"}


def test_outboxes_in_memory_are_told_apart(opened):
    ids = {turn(opened("shop", path=None))["shop"].outbox_id for _ in range(3)}

    assert len(ids) == 3


def test_what_is_given_up_is_counted_for_the_service_that_made_it(opened):
    put(opened("nightly"), 1, 2)
    shop = opened("shop")
    rows = shop.lease(endpoint=ENDPOINT, limit=10, seconds=1)

    shop.give_up(rows[:1], reason=REFUSED)

    states = turn(shop)
    assert states["nightly"].dropped == {REFUSED: 1}
    assert states["nightly"].waiting == 1
    assert states["shop"].dropped == {}


def test_a_full_memory_counts_what_it_drops(opened, monkeypatch):
    monkeypatch.setattr(write, "MEMORY_SPANS", 2)
    shop = opened("shop", path=None)
    put(shop, 1, 2, 3, 4, 5)

    assert turn(shop)["shop"].dropped == {FULL: 3}


def test_a_series_that_has_ended_begins_again_without_what_was_told(opened, store):
    shop = opened("shop")
    put(shop, 1, 2, 3)
    rows = shop.lease(endpoint=ENDPOINT, limit=10, seconds=1)
    shop.give_up(rows[:2], reason=REFUSED)
    assert tell(shop)["shop"].dropped == {REFUSED: 2}
    assert tell(shop)["shop"].dropped == {REFUSED: 2}

    with sqlite3.connect(store) as db:
        db.execute("UPDATE outbox_told SET told_s = told_s - 301")
    shop.give_up(rows[2:], reason=REFUSED)

    assert tell(shop)["shop"].dropped == {REFUSED: 1}


def test_it_is_owed_to_say_that_something_waits_that_nothing_does_and_what_was_lost(opened):
    shop = opened("shop")
    owed = [telling.is_owed(shop, endpoint=ENDPOINT)]
    for change in (
        lambda: put(shop, 1),
        lambda: tell(shop),
        lambda: shop.acknowledged(shop.lease(endpoint=ENDPOINT, limit=1, seconds=1)),
        lambda: tell(shop),
        lambda: put(shop, 2),
        lambda: shop.give_up(shop.lease(endpoint=ENDPOINT, limit=1, seconds=1), reason=REFUSED),
        lambda: tell(shop),
    ):
        change()
        owed.append(telling.is_owed(shop, endpoint=ENDPOINT))

    assert owed == [False, True, False, True, False, True, True, False]


def test_a_store_of_an_older_version_is_told_as_the_service_of_whoever_finds_it(opened, store):
    with sqlite3.connect(store) as db:
        db.executescript(TABLES.replace("service TEXT, environment TEXT,\n  PRIMARY", "PRIMARY"))
        db.execute(
            "INSERT INTO outbox (trace_id, span_id, span, ended_ns, resource, endpoint) "
            "VALUES ('1', '1', '{}', 1, '{}', ?)",
            (ENDPOINT,),
        )
    shop = opened("shop", "prod")

    assert turn(shop)["shop"].waiting == 1
    shop.give_up(shop.lease(endpoint=ENDPOINT, limit=1, seconds=1), reason=REFUSED)
    state = turn(shop, every_s=0.0)["shop"]
    assert (state.environment, state.waiting, state.dropped) == ("prod", 0, {REFUSED: 1})


@pytest.mark.parametrize(
    ("variables", "metrics"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/"}, "http://c:4318/v1/metrics"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, "http://c:4318/v1/metrics"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c/ingest"}, None),
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "AGENTGAUGE_OUTBOX_METRICS": "off"}, None),
    ],
)
def test_metrics_go_beside_the_spans_where_that_is_known(variables, metrics, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    address = address_of(read_settings(variables))

    assert (address and address.metrics) == metrics
