"""Runs functions inside a scope: plain, coroutine, generator and async generator functions."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from opentelemetry import context as otel_context

from agentgauge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from opentelemetry.context import Context


F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, Any, Any]")
"""A function of any kind: what decorates it gives back the very same type."""


class Around(Protocol):
    """What is put around a function's run: a scope, or a budget."""

    def attach(self) -> None:
        """Makes it the innermost one of the running thread or task."""

    def detach(self) -> None:
        """Undoes the last `attach`."""

    def end(self, error: BaseException | None = None) -> None:
        """The run is over."""


def wrap(function: Any, around: Callable[[], Around]) -> Any:
    """The function, each call of it inside what `around` makes; signature and kind are kept.

    What a plain function returns to be run later, a coroutine or a generator, runs inside as well.

    Raises:
        ConfigError: it is a class, or nothing that can be called.
    """
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(wrap(function.__func__, around))
    if isinstance(function, type) or not callable(function):
        name = getattr(function, "__name__", None) or type(function).__name__
        raise ConfigError(
            f"{name!r} is no function: put the decorator above the function that does the work."
        )
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, around)
    if inspect.isgeneratorfunction(function):
        return _generator(function, around)
    if inspect.iscoroutinefunction(function):
        return _coroutine(function, around)
    return _plain(function, around)


def _plain(function: Callable[..., Any], around: Callable[[], Around]) -> Callable[..., Any]:
    later = (
        (inspect.iscoroutine, _coroutine),
        (inspect.isgenerator, _generator),
        (inspect.isasyncgen, _async_generator),
    )

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        scope = around()
        scope.attach()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            scope.detach()
            scope.end(error)
            raise
        scope.detach()
        for still_to_run, inside in later:
            if still_to_run(result):
                return inside(lambda: result, lambda: scope)()
        scope.end()
        return result

    return run


def _coroutine(function: Callable[..., Any], around: Callable[[], Around]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        scope = around()
        scope.attach()
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            scope.detach()
            scope.end(error)
            raise
        scope.detach()
        scope.end()
        return result

    return run


def _generator(function: Callable[..., Any], around: Callable[[], Around]) -> Callable[..., Any]:
    """The scope is the innermost one only while the generator's own code runs, never between yields."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        inner = function(*args, **kwargs)
        scope = around()
        inside: Context | None = None

        def step(resume: Callable[..., Any], *values: Any) -> Any:
            nonlocal inside
            scope.attach()
            if inside is not None:  # a scope that its own code has opened stays open over a yield
                otel_context.attach(inside)
            try:
                return resume(*values)
            finally:
                inside = otel_context.get_current()
                scope.detach()

        try:
            value = step(next, inner)
            while True:
                try:
                    sent = yield value
                except GeneratorExit:
                    step(inner.close)
                    raise
                except BaseException as error:  # noqa: BLE001  # thrown in by the caller, for the generator
                    value = step(inner.throw, error)
                else:
                    value = step(inner.send, sent)
        except StopIteration as stop:
            scope.end()
            return stop.value
        except BaseException as error:
            scope.end(error)
            raise

    return run


def _async_generator(function: Callable[..., Any], around: Callable[[], Around]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def run(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        scope = around()
        inside: Context | None = None

        async def step(resume: Callable[..., Any], *values: Any) -> Any:
            nonlocal inside
            scope.attach()
            if inside is not None:  # a scope that its own code has opened stays open over a yield
                otel_context.attach(inside)
            try:
                return await resume(*values)
            finally:
                inside = otel_context.get_current()
                scope.detach()

        try:
            value = await step(inner.__anext__)
            while True:
                try:
                    sent = yield value
                except GeneratorExit:
                    await step(inner.aclose)
                    raise
                except BaseException as error:  # noqa: BLE001  # thrown in by the caller, for the generator
                    value = await step(inner.athrow, error)
                else:
                    value = await step(inner.asend, sent)
        except StopAsyncIteration:
            scope.end()
        except BaseException as error:
            scope.end(error)
            raise

    return run
