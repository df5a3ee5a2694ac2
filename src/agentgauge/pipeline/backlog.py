"""How much content waits to be counted."""

import threading

MOST_WAITING_BYTES = 64 * 1024 * 1024
"""Past it, calls are kept without their tool tokens."""


class Backlog:
    """Bytes that callers took and the worker gives back; any thread may call."""

    def __init__(self) -> None:
        self.after_fork()

    def take(self, size: int) -> bool:
        """Takes `size` bytes; False, and nothing taken, when that is too much."""
        with self._lock:
            if size and self._waiting + size > MOST_WAITING_BYTES:
                return False
            self._waiting += size
        return True

    def give_back(self, size: int) -> None:
        """Content of `size` bytes was counted."""
        with self._lock:
            self._waiting -= size

    def after_fork(self) -> None:
        """In the child: what waits is the parent's, and so is a lock that is held."""
        self._lock = threading.Lock()
        self._waiting = 0
