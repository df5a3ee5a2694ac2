"""Waits for a condition, bounded; what was seen last is in the error."""

import time

POLL_S = 0.2


def eventually(ask, expected=None, *, within_s=30.0):
    """Asks until the answer is what is expected, or true when nothing special is; returns the answer."""
    until = time.monotonic() + within_s
    while True:
        answer = ask()
        if (answer == expected) if expected is not None else answer:
            return answer
        assert time.monotonic() < until, f"after {within_s} s still: {answer!r}, expected {expected!r}"
        time.sleep(POLL_S)
