"""For WSGI applications: Flask, Django, and any other.

`app.wsgi_app = agentgauge.wsgi.Middleware(app.wsgi_app)` in Flask, elsewhere
`application = agentgauge.wsgi.Middleware(application)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from agentgauge.remote.inbound import remote_scope

if TYPE_CHECKING:
    from agentgauge.scopes.scope import Scope

__all__ = ["Middleware"]

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Middleware:
    """Runs each request in the scope of its caller, for callers that send one.

    What `agentgauge.asgi.Middleware` says about strangers holds here as well.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Handles one request."""
        scope = remote_scope(_headers(environ))
        scope.attach()
        try:
            body = self._app(environ, start_response)
        except BaseException as error:
            scope.detach()
            scope.end(error)
            raise
        scope.detach()
        if isinstance(body, list | tuple):  # nothing of it is still to be made
            scope.end()
            return body
        return _Body(body, scope)


def _headers(environ: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name.removeprefix("HTTP_").replace("_", "-"), value


class _Body:
    """A body that is made while it is sent: each part is made inside the scope."""

    def __init__(self, body: Iterable[bytes], scope: Scope) -> None:
        self._body = body
        self._parts: Iterator[bytes] | None = None
        self._scope = scope

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        self._scope.attach()
        try:
            if self._parts is None:
                self._parts = iter(self._body)
            return next(self._parts)
        finally:
            self._scope.detach()

    def close(self) -> None:
        """Ends the request; servers call it whether the body was sent whole or not."""
        self._scope.attach()
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._scope.detach()
            self._scope.end()
