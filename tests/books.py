"""How tests compare what agentgauge recorded with the simulated server's own books."""

import sqlite3

SUMS = ("input_tokens", "output_tokens", "reasoning_tokens", "cache_read_tokens")


def rows(store, query="SELECT * FROM calls ORDER BY start_ns"):
    db = sqlite3.connect(store)
    db.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in db.execute(query)]
    finally:
        db.close()


def rows_so_far(store):
    """The calls that another process has written; none while it is still making the file or its tables."""
    try:
        return rows(store) if store.exists() else []
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return []


def recorded(calls):
    """Sums over rows of `calls`, as the books name them."""
    return {"requests": sum(call["retries"] + 1 for call in calls)} | {
        name: sum(call[name] or 0 for call in calls) for name in SUMS
    }


def booked(book):
    """The same sums of a server's book."""
    return {"requests": book["requests"]} | {name: book[name] or 0 for name in SUMS}


def assert_conserved(report, usage, books):
    """Law 1: report and ledger agree with each other, and with the server's books for each agent."""
    totals = report["totals"]
    for name in (*SUMS, "total_tokens", "cost_nanousd", "calls", "requests", "tool_definition_tokens"):
        whole = totals[name] or 0
        for table in ("agents", "roles", "models"):
            assert sum(row[name] or 0 for row in report[table]) == whole, (table, name)
        assert (getattr(usage, name) or 0) == whole, name
    for name in (*SUMS, "requests"):
        assert (totals[name] or 0) == (books[name] or 0), name
    for key, book in books["by_api_key"].items():
        mine = usage.by_agent[key.removeprefix("sim-")]
        for name in (*SUMS, "requests"):
            assert (getattr(mine, name) or 0) == (book[name] or 0), (key, name)
