"""Middleware for FastAPI, Starlette, BentoML, LitServe and whatever else speaks ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, MutableMapping
from typing import Any, Callable

from inference_log.bodies import Exchange, Read, fields_of
from inference_log.log import PredictionLog

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
_ID = b"x-request-id"


class PredictionMiddleware:
    """Logs every POST below one of the `paths`, and answers with its id in `x-request-id`.

    `read(request, response)` gives the fields of a prediction from the JSON of both.
    """

    def __init__(
        self,
        app: App,
        log: PredictionLog,
        paths: tuple[str, ...] = ("/",),
        read: Read = fields_of,
        max_body: int = 1 << 20,
    ) -> None:
        self._app, self._log, self._paths = app, log, tuple(paths)
        self._read, self._max_body = read, max_body

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass everything on, and keep a copy."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._until_shutdown(send))
            return
        wanted = scope["type"] == "http" and scope["method"] == "POST"
        if not wanted or not scope["path"].startswith(self._paths):
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(_ID, b"").decode("latin-1")
        exchange = Exchange(self._log, given, self._read, self._max_body)

        async def received() -> Message:
            message = await receive()
            exchange.asked(message.get("body", b""))
            return message

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.call.note(status=message["status"])
                headers = message.setdefault("headers", [])
                if _ID not in dict(headers):
                    message["headers"] = [*headers, (_ID, exchange.id.encode("latin-1"))]
            else:
                exchange.answered(message.get("body", b""))
            await send(message)

        with exchange.call:
            await self._app(scope, received, sent)

    def _until_shutdown(self, send: Send) -> Send:
        """Write what waits before the server stops: uvicorn ends by a signal, without `atexit`."""

        async def sent(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                self._log.flush()
            await send(message)

        return sent
