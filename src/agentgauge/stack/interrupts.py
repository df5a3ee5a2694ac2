"""Ctrl-C and SIGTERM while processes are started: none is started and then forgotten."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def interrupt_on_sigterm() -> None:
    """Makes SIGTERM end this process as Ctrl-C does, with all that is cleaned up on the way."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def put_off() -> Iterator[None]:
    """Puts off Ctrl-C and SIGTERM to the end of the block.

    A handler and not a mask: the processes started in the block would inherit a mask, and never stop.

    Raises:
        KeyboardInterrupt: at the end, when one came.
    """
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _NUMBERS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt
