"""A running web server for tests, and a client that can misbehave."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from inference_exporter.exposition.limits import Limits
from inference_exporter.exposition.posts import Take
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.server import Landing, WebServer
from inference_exporter.exposition.webconfig import WebConfig

PATIENCE = 20.0  # for things that happen at once, on a machine that may be busy
TICK = 0.02

Check = Callable[[], tuple[bool, str]]


@contextmanager
def running(
    published: Published | None = None,
    *,
    is_ready: Check = lambda: (True, ""),
    request_reload: Check = lambda: (True, ""),
    telemetry_path: str = "/metrics",
    web_config: WebConfig | None = None,
    max_requests: int = 40,
    limits: Limits | None = None,
    landing: Landing | None = None,
    on_request: Callable[[str, str], None] | None = None,
    receivers: Mapping[str, Take] | None = None,
    private: str | None = None,
) -> Iterator[tuple[WebServer, str]]:
    server = WebServer(
        published or Published(),
        listen="127.0.0.1:0",
        private=private,
        is_ready=is_ready,
        request_reload=request_reload,
        telemetry_path=telemetry_path,
        web_config=web_config,
        max_requests=max_requests,
        limits=limits,
        landing=landing,
        on_request=on_request,
        receivers=receivers,
    )
    try:
        yield server, server.start()
    finally:
        server.close()


@contextmanager
def connected(url: str, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    with socket.socket() as client:
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(PATIENCE)
        client.connect((parts.hostname, parts.port))
        yield client


def read_to_end(client: socket.socket) -> bytes:
    """What the server sends until it hangs up (or the client's patience ends: an error)."""
    received = b""
    try:
        while piece := client.recv(65536):
            received += piece
    except ConnectionError:
        pass
    return received


def is_cut_off(client: socket.socket, seconds: float) -> bool:
    """Whether the server resets the connection in time; does not read from it."""
    poll = select.poll()
    poll.register(client, select.POLLERR | select.POLLHUP | select.POLLRDHUP)
    return bool(poll.poll(seconds * 1000))


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether the condition becomes true while anyone would wait."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        select.select([], [], [], TICK)
    return True
