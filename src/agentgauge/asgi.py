"""For ASGI applications: FastAPI, Starlette, and any other.

`app.add_middleware(agentgauge.asgi.Middleware)` in FastAPI and Starlette, elsewhere
`app = agentgauge.asgi.Middleware(app)`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from agentgauge.remote.inbound import remote_scope

__all__ = ["Middleware"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Middleware:
    """Runs each request in the scope of its caller, for callers that send one.

    Put it on services that your own programs call. Whoever can send a request can say which agent it is for,
    so where strangers can, let your proxy take the `baggage` header off.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection."""
        if scope.get("type") not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        with remote_scope(scope.get("headers") or ()):
            await self._app(scope, receive, send)
