"""One HTTP connection, with deadlines: uvicorn has a keep-alive timeout and no other.

    connected ──> head ──request──> answer ──sent──> idle ──first byte──> head …

Each state has a time by which it must be left, and a client does not get more by sending or
reading a little now and then. Whoever is late is cut off with `abort`: a polite close would wait
until a client that has stopped reading has read the rest.
"""

from __future__ import annotations

import asyncio
import struct
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from inference_exporter.exposition.limits import Limits

_NO_LINGER = struct.pack("ii", 1, 0)


def bounded(limits: Limits) -> type[H11Protocol]:
    """A protocol class with these limits; uvicorn makes the instances and passes no arguments."""
    return type("BoundedProtocol", (DeadlineProtocol,), {"limits": limits})


class DeadlineProtocol(H11Protocol):
    """An HTTP/1.1 connection that is never held for longer than its limits say."""

    limits = Limits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._idle = False
        self.unheard_since: float | None = None  # waiting for a whole request, since when

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first request."""
        super().connection_made(transport)
        self.unheard_since = self.loop.time()
        self._allow(self.limits.head)

    def data_received(self, data: bytes) -> None:
        """Take bytes: the first after a pause start the time for a head, a whole head ends it."""
        if self._idle:
            self._allow(self.limits.head)
        before = self.cycle
        super().data_received(data)
        if self.cycle is not None:
            self._hear(self.cycle is not before)
        if self.cycle is not before and not self.cycle.response_complete:
            self._allow(self.limits.answer)

    def _hear(self, new: bool) -> None:
        """Note whether a request is here with all of its body."""
        if not self.cycle.more_body or self.cycle.response_complete:
            self.unheard_since = None
        elif new:
            self.unheard_since = self.unheard_since or self.loop.time()

    def on_response_complete(self) -> None:
        """The answer is out: pause, or go on with a request that was sent ahead."""
        done = self.cycle
        super().on_response_complete()
        if self.transport.is_closing():
            return  # the running deadline still covers what is not flushed
        if self.cycle is not done:
            self._allow(self.limits.answer)
        else:  # uvicorn closes at `idle`; a second later it is no longer a request
            self._allow(self.limits.idle + 1, idle=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def _allow(self, seconds: float, idle: bool = False) -> None:
        self._idle = idle
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self.cut_off)

    def cut_off(self) -> None:
        """Leave without a word. What is not sent yet is dropped by the kernel too (linger 0)."""
        self.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, _NO_LINGER)
        self.transport.abort()
