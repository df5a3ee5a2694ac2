"""The one background thread of a process: counts, settles and stores what has ended."""

from __future__ import annotations

import contextvars
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from agentgauge.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")

COMMIT_EVERY_S = 0.2
BATCH_ITEMS = 512


class Worker(Generic[Item]):
    """Hands items to `process` one by one and calls `commit` after each batch, off the caller's path.

    `put` never blocks and never refuses. What has been put is processed in order; `settled` waits until
    all of it was processed, `flush` until it was committed as well.
    """

    def __init__(self, *, process: Callable[[Item], None], commit: Callable[[], bool]) -> None:
        self._process = process
        self._commit = commit
        self._reset()

    def _reset(self) -> None:
        self._items: deque[Item] = deque()
        self._state = threading.Condition()
        self._working = threading.Lock()
        self._paused = False
        self._put = self._processed = self._committed = 0
        self._hurry = False
        self._thread: threading.Thread | None = None

    def after_fork(self) -> None:
        """In the child: nothing is waiting, and the thread starts again when it is needed."""
        self._reset()

    def pause(self, *, timeout_s: float) -> None:
        """Waits until the thread is between two steps and keeps it there, for a fork.

        A child inherits every lock that a thread holds at that moment: SQLite's, and those of modules that
        are being imported.
        """
        self._paused = self._working.acquire(timeout=timeout_s)

    def resume(self) -> None:
        """Ends a `pause`."""
        if self._paused:
            self._paused = False
            self._working.release()

    def put(self, item: Item) -> None:
        """Queues an item; starts the thread if it is not running."""
        with self._state:
            self._items.append(item)
            self._put += 1
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="agentgauge", daemon=True)
                # In no context: nothing of the scope, or the trace, of whoever came first follows it.
                contextvars.Context().run(self._thread.start)
            self._state.notify_all()

    def settled(self, *, timeout_s: float) -> bool:
        """Waits until all that was put before has been processed; False when the time ran out."""
        with self._state:
            goal = self._put
            return self._state.wait_for(lambda: self._processed >= goal, timeout_s)

    def flush(self, *, timeout_s: float) -> bool:
        """Waits until all that was put before has been committed; False when the time ran out."""
        with self._state:
            goal = self._put
            self._hurry = True
            self._state.notify_all()
            return self._state.wait_for(lambda: self._committed >= goal, timeout_s)

    def _run(self) -> None:
        next_commit = 0.0
        while True:
            for item in self._take(until=next_commit):
                with self._working, guarded("processing what has ended"):
                    self._process(item)
                with self._state:
                    self._processed += 1
                    self._state.notify_all()
            if self._due(next_commit):
                self._commit_all()
                next_commit = time.monotonic() + COMMIT_EVERY_S

    def _take(self, *, until: float) -> Sequence[Item]:
        """The next items; waits for the first, but not past the next commit when one is owed."""
        with self._state:
            owed = self._processed > self._committed
            timeout = max(0.0, until - time.monotonic()) if owed else None
            self._state.wait_for(lambda: self._items or self._hurry, timeout)
            return [self._items.popleft() for _ in range(min(len(self._items), BATCH_ITEMS))]

    def _due(self, next_commit: float) -> bool:
        with self._state:
            if self._hurry and not self._items:
                return True
            return self._processed > self._committed and time.monotonic() >= next_commit

    def _commit_all(self) -> None:
        with self._state:
            processed, self._hurry = self._processed, False
        done = False
        with self._working, guarded("storing what has ended"):
            done = self._commit()
        with self._state:
            if done:
                self._committed = processed
            self._state.notify_all()
