"""The warnings of a report: those that processes noted, and what its own numbers do not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgauge.report import query

if TYPE_CHECKING:
    from agentgauge.store.read import Selection, Store
    from agentgauge.totals import Totals


def findings(store: Store, selection: Selection, totals: Totals) -> list[dict[str, str]]:
    """Warnings with `code` and `message`; a message says what it means and what to do."""
    noted = query.warnings(store, selection)
    computed = [
        ("usage_estimated", _estimated(totals)),
        ("usage_missing", _missing(store, selection, totals)),
        ("unpriced", _unpriced(store, selection, totals)),
        ("unfinished", _unfinished(totals)),
    ]
    return [{"code": code, "message": text} for code, text in (*noted, *computed) if text]


def calls_of(count: int) -> str:
    """`1 call`, `1,234 calls`."""
    return f"{count:,} call{'' if count == 1 else 's'}"


def _estimated(totals: Totals) -> str:
    count = totals.usage_sources["estimated"] + totals.usage_sources["mixed"]
    if not count:
        return ""
    return (
        f"{calls_of(count)} of {totals.calls:,}: the server did not report all usage, so tokens and cost (~) "
        'were counted here. For streams, ask for it: stream_options={"include_usage": True}, or '
        "AGENTGAUGE_STREAM_USAGE."
    )


def _missing(store: Store, selection: Selection, totals: Totals) -> str:
    count = totals.usage_sources["none"]
    if not count:
        return ""
    ways = query.sums(store, selection, ("usage_source", "outcome"))
    failed = sum(s.calls for (source, outcome), s in ways if source == "none" and outcome != "ok")
    some = "" if failed == count else f"{failed:,} "
    why = f" ({some}failed or unfinished)" if failed else ""
    return (
        f"{calls_of(count)} of {totals.calls:,} without known usage{why}: they add nothing to these sums. "
        "Compare with the provider's own bill."
    )


def _unpriced(store: Store, selection: Selection, totals: Totals) -> str:
    if not totals.unpriced_tokens:
        return ""
    models = query.sums(store, selection, ("provider", "request_model"))
    names = sorted({f"{m} ({p or 'unknown provider'})" for (p, m), s in models if s.unpriced_tokens})
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004  # three names say enough
    return (
        f"{totals.unpriced_tokens:,} tokens have no price: {shown}. Their cost is unknown, not 0. If a "
        "public provider answers there, name it: AGENTGAUGE_PROVIDERS=host:port=provider; for prices of your "
        "own, `agentgauge doctor` prints the file."
    )


def _unfinished(totals: Totals) -> str:
    if not totals.unfinished:
        return ""
    return (
        f"{calls_of(totals.unfinished)} had no answer yet when the program ended, or stopped recording. The "
        "server may have billed them; compare with the provider's own bill."
    )
