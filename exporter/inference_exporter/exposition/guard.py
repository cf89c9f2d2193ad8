"""What every request passes before its route: counting, the limit, authentication, headers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Collection, Mapping
from functools import partial

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference_exporter.exposition.auth import BasicAuth, TryLaterError
from inference_exporter.exposition.origin import FOREIGN, is_from_another_page
from inference_exporter.exposition.requests import RequestCounter

logger = logging.getLogger(__name__)

ONLY_METRICS = "only_metrics"  # in the state of a connection: what its address is for
LINGER_SECONDS = 2.0  # for the rest of a body that nobody wants
LINGER_BYTES = 16 << 20


class Guard:
    """An ASGI application around the routes.

    Parameters
    ----------
    app
        The routes.
    route_of
        The label of a path, from a closed set.
    counter
        Told about every answer, refusals included.
    max_requests
        Requests at once; 0 for no limit. Probes are exempt: they do no work, and a server that is
        busy must not be restarted for it. So is what is posted, which has bounds of its own: those
        who send slowly must not keep out those who scrape.
    auth
        Who may enter; None: everybody. Probes are not exempt, as in all Prometheus components.
    senders
        The users who may post to the `posting` routes and nothing else; none of them: every user
        may do everything.
    posting
        The routes that take what is pushed. A page of another site cannot push.
    public
        The routes of addresses that are for metrics only.
    headers
        Added to every answer, over what the route set.
    """

    def __init__(  # noqa: PLR0913
        self,
        app: ASGIApp,
        route_of: Callable[[str], str],
        counter: RequestCounter,
        max_requests: int,
        auth: BasicAuth | None,
        headers: Mapping[str, str],
        senders: Callable[[], Collection[str]] = tuple,
        posting: Collection[str] = (),
        *,
        public: Collection[str] = (),
    ) -> None:
        self._senders, self._posting, self._public = senders, posting, public
        self._app = app
        self._route_of = route_of
        self._counter = counter
        self._max_requests = max_requests
        self._auth = auth
        self._headers = headers
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the server passes on nothing but HTTP."""
        route = self._route_of(scope["path"])
        count = partial(self._counter.add, route)
        body = _Body(receive, Request(scope))
        answer = _Answer(send, self._headers, count, body)
        self._running += route not in self._posting
        try:
            await self._respond(route, scope, body, answer)
        except Exception:
            logger.exception("the handler of %s failed", route)
            await answer.fail(scope, receive)
        finally:
            self._running -= route not in self._posting
        await answer.finish()

    async def _respond(self, route: str, scope: Scope, receive: Receive, send: Send) -> None:
        exempt = route in self._posting or route.startswith(("/-/healthy", "/-/ready"))
        limited = self._max_requests > 0 and not exempt
        if limited and self._running > self._max_requests:
            text = (
                f"Limit of concurrent requests reached ({self._max_requests}), try again later.\n"
            )
            await PlainTextResponse(text, 503)(scope, receive, send)
        elif scope.get("state", {}).get(ONLY_METRICS) and route not in self._public:
            text = "Not at this address, which is for metrics: see --web.private-address.\n"
            await PlainTextResponse(text, 404)(scope, receive, send)
        elif refusal := await self._refusal(route, Request(scope)):
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _refusal(self, route: str, request: Request) -> PlainTextResponse | None:
        """Why the request may not pass, if it may not."""
        if {"content-length", "transfer-encoding"}.issubset(request.headers):
            text = "Content-Length and Transfer-Encoding: where the body ends is not clear.\n"
            return PlainTextResponse(text, 400)
        if route in self._posting and is_from_another_page(request):
            return PlainTextResponse(FOREIGN, 403)
        if self._auth is None:
            return None
        try:
            user = await self._auth.user(request)
        except TryLaterError as error:
            headers = {"Retry-After": str(math.ceil(error.seconds))}
            return PlainTextResponse("Too many wrong passwords.\n", 429, headers)
        if user is None:
            headers = {"WWW-Authenticate": 'Basic realm="inference-exporter", charset="UTF-8"'}
            return PlainTextResponse("Unauthorized\n", 401, headers)
        senders = self._senders()
        if senders and (user in senders) != (route in self._posting):
            text = "may only post" if user in senders else "is not one of receivers.users"
            return PlainTextResponse(f"The user {user} {text}.\n", 403)
        return None


class _Body:
    """Passes a body on, and knows whether some of it is still to come."""

    def __init__(self, receive: Receive, request: Request) -> None:
        self._receive = receive
        self.awaited = _has_body(request)
        self._held_back = "expect" in request.headers  # until it is asked for

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self.awaited = False
        return message

    async def pass_over(self) -> None:
        """Read the rest, within bounds: who is hung up on while sending may not see the answer."""
        size = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while self.awaited and not self._held_back and size < LINGER_BYTES:
                    message = await self()
                    size += len(message.get("body", b""))
                    if message["type"] == "http.disconnect":
                        return


class _Answer:
    """Passes an answer on with the configured headers, and tells its status before it is sent."""

    def __init__(
        self,
        send: Send,
        headers: Mapping[str, str],
        count: Callable[[str], None],
        body: _Body,
    ) -> None:
        self._send = send
        self._headers = headers
        self._count = count
        self._body = body
        self._started = False
        self._end: Message | None = None  # what is held back until the body was passed over

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            self._count(str(message["status"]))
            headers = MutableHeaders(scope=message)
            headers.update(self._headers)
            if self._body.awaited:  # nobody read it: the next request would start inside it
                headers["Connection"] = "close"
        elif self._body.awaited and not message.get("more_body", False):
            self._end = {**message, "body": b""}
            message = {**message, "more_body": True}
        await self._send(message)

    async def finish(self) -> None:
        """End an answer before which nobody read the body, which ends the connection too."""
        if self._end is not None:
            await self._body.pass_over()
            await self._send(self._end)

    async def fail(self, scope: Scope, receive: Receive) -> None:
        """Answer 500, unless an answer is on its way already; then it can only be cut off."""
        if self._started:
            raise ConnectionAbortedError
        await PlainTextResponse("Internal error, see the log.\n", 500)(scope, receive, self)


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or (
        "transfer-encoding" in request.headers
    )
