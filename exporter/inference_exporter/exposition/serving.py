"""uvicorn as this program runs it. Importing this costs 60 ms: `server` does so when it starts."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from socket import socket

import uvicorn
from starlette.types import ASGIApp

from inference_exporter.exposition.guard import ONLY_METRICS
from inference_exporter.exposition.limits import MAX_HEAD_BYTES, Limits
from inference_exporter.exposition.listener import BoundedListener
from inference_exporter.exposition.protocol import DeadlineProtocol, bounded
from inference_exporter.exposition.tls import Renewal

_RENEWAL_TICKS = 300  # uvicorn ticks ten times a second: look at the certificate twice a minute
_BACKLOG = 64


class Server(uvicorn.Server):
    """uvicorn's server with a bounded TLS handshake, told where to listen and when to stop.

    It runs in a thread other than the main one, where uvicorn leaves signals alone.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        tls: ssl.SSLContext | None,
        renewal: Renewal | None,
        on_started: Callable[[], None],
    ) -> None:
        super().__init__(_config(app, limits))
        self._limits = limits
        self._tls = tls
        self._renewal = renewal
        self._on_started = on_started

    async def run_on(self, listeners: Sequence[BoundedListener]) -> None:
        """Serve until `should_exit`, then cut off whoever is still there."""
        try:
            await self.serve(sockets=list(listeners))
        finally:
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)  # one turn of the loop, in which they are closed

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Listen. uvicorn's own version gives a TLS handshake a minute."""
        loop = asyncio.get_running_loop()
        for listener in sockets or []:
            if isinstance(listener, BoundedListener):
                listener.make_room = self._make_room
        handshake = None if self._tls is None else self._limits.handshake
        self.servers = [
            await loop.create_server(
                partial(self._connection, getattr(listener, "only_metrics", False)),
                sock=listener,
                ssl=self._tls,
                backlog=_BACKLOG,
                ssl_handshake_timeout=handshake,
            )
            for listener in sockets or []
        ]
        self.started = True
        self._on_started()

    def _make_room(self) -> bool:
        """Cut off whoever has waited longest without having sent a whole request."""
        waiting = [
            one
            for one in self.server_state.connections
            if isinstance(one, DeadlineProtocol) and one.unheard_since is not None
        ]
        if not waiting:
            return False
        oldest = min(waiting, key=lambda one: one.unheard_since or 0.0)
        oldest.unheard_since = None
        oldest.cut_off()
        return True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if self._renewal is not None and counter % _RENEWAL_TICKS == 0:
            self._renewal.check()
        return await super().on_tick(counter)

    def _connection(self, only_metrics: bool) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(
            config=self.config,  # type: ignore[call-arg]
            server_state=self.server_state,
            app_state={ONLY_METRICS: only_metrics},
        )
        return made


def run(server: Server, listeners: Sequence[BoundedListener]) -> None:
    """Serve in an event loop of this thread's own; returns when the server is told to exit."""
    with ExitStack() as stack:
        for listener in listeners:
            stack.enter_context(listener)
        asyncio.run(server.run_on(listeners))


def _config(app: ASGIApp, limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=bounded(limits),
        loop="asyncio",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",  # below it is a line for every malformed request
        access_log=False,
        proxy_headers=False,
        server_header=False,
        workers=1,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_keep_alive=math.ceil(limits.idle),
        timeout_graceful_shutdown=limits.shutdown,
    )
