"""What has been recorded, for programs: the report of a run, a trial or a span of time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentgauge import lifecycle
from agentgauge.config import store_path
from agentgauge.errors import StoreError
from agentgauge.init import RUN_ID
from agentgauge.pipeline import runtime
from agentgauge.report.build import build_report
from agentgauge.store.read import Selection, last_run, open_store

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from agentgauge.report.build import Report


STORE_WAIT_S = 30.0
"""How long a report of this process's own calls waits until they are stored: half of them would mislead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Which calls of which store; by default those of this program's own run, else of the last one.

    Attributes:
        store: the SQLite file; the running agentgauge's own, or AGENTGAUGE_STORE, when None.
        run_id: one run, child processes included.
        workflow_id: the calls of one workflow, such as a trial's id, of any run unless one is given.
        since, until: calls that ended in between, of any run unless one is given.
        service: only this service.
    """

    store: str | os.PathLike[str] | None = None
    run_id: str | None = None
    workflow_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    service: str | None = None

    def path(self) -> Path:
        """The store's file, with all in it that has ended in this process.

        Raises:
            StoreError: the store is off.
        """
        active = runtime.active()
        if active is not None:
            lifecycle.store_ended(timeout_s=STORE_WAIT_S)
        path = active.pipeline.store.path if active is not None and self.store is None else None
        path = path or store_path(self.store)
        if path is None:
            raise StoreError("The store is off, so nothing was recorded. Name a file: store=PATH.")
        return path

    def selection(self, path: Path) -> Selection:
        """The same as a query of the store has it."""
        run_id = self.run_id
        if run_id is None and (self.workflow_id, self.since, self.until) == (None, None, None):
            run_id = os.environ.get(RUN_ID) if self.store is None else None
            if run_id is None:
                with open_store(path) as store:
                    run_id = last_run(store, service=self.service)
        return Selection(
            run_id=run_id,
            start_ns=_ns(self.since),
            end_ns=_ns(self.until),
            service=self.service,
            workflow_id=self.workflow_id,
        )


def _ns(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 10**6) * 1000


def report(of: Recorded | None = None) -> Report:
    """The report `agentgauge.report/1`, the one that `agentgauge report --format json` prints.

    Raises:
        StoreError: the store is off, or cannot be read.
    """
    chosen = of or Recorded()
    path = chosen.path()
    return build_report(path, chosen.selection(path))
