"""Opening a store: whatever lies at the path, there is a report or one clear error."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from report_store import StoreFile

from agentgauge.errors import StoreError
from agentgauge.report.build import build_report
from agentgauge.store.read import Selection, open_store, runs_like
from agentgauge.store.schema import SCHEMA_VERSION


def open_it(path):
    with open_store(path) as store:
        return store.query("SELECT count(*) FROM calls")[0][0]


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no database at all, and long enough to be read as one " * 20)
    with pytest.raises(StoreError, match=r"notes\.txt is no SQLite database.*--store"):
        open_it(path)


def test_a_database_of_somebody_else_is_no_store(tmp_path):
    with sqlite3.connect(tmp_path / "shop.sqlite") as db:
        db.execute("CREATE TABLE orders (id)")
    with pytest.raises(StoreError, match="no agentgauge store"):
        open_it(tmp_path / "shop.sqlite")


def test_a_newer_store_asks_for_an_upgrade(tmp_path):
    store = StoreFile(tmp_path / "store.sqlite")
    store.db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match="pip install -U agentgauge"):
        open_it(store.path)


def test_a_damaged_store_is_an_error_and_no_wrong_sum(tmp_path):
    store = StoreFile(tmp_path / "store.sqlite")
    for _ in range(500):
        store.call(agent="a" * 200)
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.db.close()
    data = bytearray(store.path.read_bytes())
    data[len(data) // 4 :] = b"\xff" * (len(data) - len(data) // 4)
    store.path.write_bytes(data)
    with pytest.raises(StoreError, match=r"store\.sqlite is damaged"):
        build_report(store.path, Selection())


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(StoreError, match="is a folder"):
        open_it(tmp_path)


@pytest.mark.parametrize("name", ["absent.sqlite", "empty.sqlite"])
def test_an_absent_or_empty_file_is_an_empty_store(tmp_path, name):
    (tmp_path / "empty.sqlite").touch()
    assert open_it(tmp_path / name) == 0


def test_a_path_may_hold_what_means_something_in_a_uri(tmp_path):
    store = StoreFile(tmp_path / "a?b#c%20d.sqlite")
    store.call()
    assert open_it(store.path) == 1


def test_reading_never_writes(tmp_path):
    store = StoreFile(tmp_path / "store.sqlite")
    with open_store(store.path) as opened, pytest.raises(StoreError, match="readonly"):
        opened.query("DELETE FROM calls")


def test_the_start_of_an_id_finds_runs_and_a_whole_id_just_itself(tmp_path):
    store = StoreFile(tmp_path / "store.sqlite")
    for run_id in ("ab", "abc", "x"):
        store.process(run_id)
    with open_store(store.path) as opened:
        assert set(runs_like(opened, "a")) == {"ab", "abc"}
        assert runs_like(opened, "ab") == ["ab"]
        assert runs_like(opened, "%") == []


def test_a_report_sees_one_moment_while_another_connection_writes(tmp_path):
    store = StoreFile(tmp_path / "store.sqlite")
    store.process()
    stop = threading.Event()

    def write():
        while not stop.is_set():
            store.call(input_tokens=1, output_tokens=1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        reports = [build_report(store.path, Selection()) for _ in range(20)]
        while not reports[-1]["totals"]["calls"]:
            reports.append(build_report(store.path, Selection()))
    finally:
        stop.set()
        writer.join()
    for report in reports:
        of_agents = sum(row["calls"] for row in report["agents"])
        assert of_agents == report["totals"]["calls"] == sum(row["calls"] for row in report["models"])
