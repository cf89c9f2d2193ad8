"""Clients that send nothing, send slowly, never read or come in crowds, on real sockets."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, cast

import httpx
import pytest

from exposition_pages import block, failures
from exposition_server import (
    PATIENCE,
    TICK,
    connected,
    eventually,
    is_cut_off,
    read_to_end,
    running,
)
from inference_exporter.exposition.limits import MAX_HEAD_BYTES, Limits
from inference_exporter.exposition.negotiation import Dialect
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.server import WebServer
from inference_exporter.values.samples import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference_exporter.exposition.protocol import DeadlineProtocol

HURRIED = Limits(head=0.5, answer=1.0, idle=1.0, shutdown=1)
GET = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def hurried() -> Iterator[str]:
    with running(limits=HURRIED) as (_, url):
        yield url


@contextmanager
def _big_page(limits: Limits) -> Iterator[tuple[WebServer, str]]:
    """A server whose page (16 MB) fits into no socket buffer."""
    labels = [(f"{n:04d}" + "x" * 4000,) for n in range(4000)]
    blocks = (block("inference_reference_warmup_remaining", *labels, values=range(4000)),)
    published = Published()
    published.publish(Snapshot(blocks))
    published.body(Dialect.TEXT)  # the time for an answer includes making the page
    with running(published, limits=limits) as running_server:
        yield running_server


def test_client_that_sends_nothing_is_hung_up_on(hurried: str) -> None:
    with connected(hurried) as client:
        assert read_to_end(client) == b""


def test_client_that_sends_its_head_drop_by_drop_is_hung_up_on(hurried: str) -> None:
    with connected(hurried) as client:
        client.settimeout(TICK)
        assert eventually(lambda: not _drip(client))


def test_client_that_goes_on_drop_by_drop_after_a_request_is_hung_up_on(hurried: str) -> None:
    with connected(hurried) as client:
        client.sendall(GET)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.settimeout(TICK)
        assert eventually(lambda: not _drip(client))


def test_idle_client_is_hung_up_on(hurried: str) -> None:
    with connected(hurried) as client:
        client.sendall(GET)
        assert read_to_end(client).count(b"HTTP/1.1 200") == 1


def test_requests_sent_ahead_are_answered_in_turn(hurried: str) -> None:
    with connected(hurried) as client:
        client.sendall(GET * 3)
        assert read_to_end(client).count(b"Healthy.") == 3


def test_scraper_that_stops_reading_is_cut_off() -> None:
    with _big_page(HURRIED) as (_, url), connected(url, receive_buffer=4096) as client:
        client.sendall(SCRAPE)
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert is_cut_off(client, PATIENCE)


def test_scraper_that_reads_drop_by_drop_is_cut_off() -> None:
    with _big_page(HURRIED) as (_, url), connected(url, receive_buffer=4096) as client:
        client.sendall(SCRAPE)
        assert eventually(lambda: not _sip(client))


def test_scrapers_that_stop_reading_cost_little_memory_each() -> None:
    with _big_page(Limits(shutdown=1)) as (server, url), ExitStack() as stack:
        for _ in range(10):
            client = stack.enter_context(connected(url, receive_buffer=4096))
            client.sendall(SCRAPE)
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert eventually(lambda: len(_waiting(server)) == 10)
        assert max(c.transport.get_write_buffer_size() for c in _waiting(server)) < 256 * 1024


def test_others_are_served_while_scrapers_do_not_read() -> None:
    with _big_page(Limits(shutdown=1)) as (_, url), ExitStack() as stack:
        for _ in range(10):
            client = stack.enter_context(connected(url, receive_buffer=4096))
            client.sendall(SCRAPE)
        assert httpx.get(f"{url}/-/healthy").status_code == 200
        assert len(httpx.get(f"{url}/metrics").content) > 16_000_000


def test_connections_are_bounded_until_somebody_leaves() -> None:
    with running(limits=Limits(connections=3, shutdown=1)) as (_, url):
        with ExitStack() as stack:
            for _ in range(3):
                client = stack.enter_context(connected(url))
                client.sendall(GET)
                assert client.recv(65536)
            with connected(url) as surplus:
                assert read_to_end(surplus) == b""
        assert eventually(lambda: _is_served(url))


def test_a_crowd_that_sends_no_whole_head_keeps_nobody_out() -> None:
    with running(limits=Limits(connections=20, shutdown=1)) as (_, url), ExitStack() as stack:
        for _ in range(60):
            client = stack.enter_context(connected(url))
            client.sendall(b"GET /-/healthy HT")
        for _ in range(3):
            assert httpx.get(f"{url}/-/healthy").status_code == 200
            client = stack.enter_context(connected(url))


@pytest.mark.parametrize(
    "start",
    [
        b"GET /" + b"x" * MAX_HEAD_BYTES,
        b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * MAX_HEAD_BYTES,
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * MAX_HEAD_BYTES,
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["long path", "long header", "many headers", "nonsense", "TLS", "no host"],
)
def test_heads_that_are_too_long_or_none_are_refused(hurried: str, start: bytes) -> None:
    with connected(hurried) as client:
        client.sendall(start)
        assert read_to_end(client).startswith(b"HTTP/1.1 400 ")


def test_body_is_not_read_and_ends_the_connection(hurried: str) -> None:
    with connected(hurried) as client:
        client.sendall(b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx")
        answer = read_to_end(client)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer.lower()


def test_websockets_are_not_spoken(hurried: str) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    with connected(hurried) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + upgrade + b"\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_client_that_leaves_in_the_middle_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    with _big_page(Limits()) as (server, url):
        with connected(url, receive_buffer=4096) as client:
            client.sendall(SCRAPE)
            assert client.recv(100)
        assert eventually(lambda: not _waiting(server))
        assert httpx.get(f"{url}/-/healthy").status_code == 200
    assert not caplog.records


def test_closing_does_not_wait_for_a_scraper_that_does_not_read() -> None:
    with _big_page(Limits(shutdown=1)) as (server, url):
        with connected(url, receive_buffer=4096) as client:
            client.sendall(SCRAPE)
            assert client.recv(100)
            server.close()
        with pytest.raises(ConnectionRefusedError), connected(url):
            pass


def test_running_answer_is_finished_when_closing() -> None:
    published = Published()
    published.publish(failures(1.0))
    with running(published) as (server, url), connected(url) as client:
        client.sendall(SCRAPE)
        assert client.recv(10)
        server.close()
        assert b"inference_request_failures_total{" in read_to_end(client)


def _drip(client: socket.socket) -> bool:
    """Send a byte of a header after a moment without an answer; False once the server is gone."""
    try:
        client.sendall(b"X")
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def _sip(client: socket.socket) -> bool:
    """Read a little; False once the server is gone."""
    try:
        return client.recv(64) != b"" and not is_cut_off(client, TICK)
    except ConnectionError:
        return False


def _is_served(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/healthy").status_code == 200
    except httpx.TransportError:
        return False


def _waiting(server: WebServer) -> list[DeadlineProtocol]:
    """Connections that wait for their client to read."""
    assert server._server is not None
    connections = cast("list[DeadlineProtocol]", list(server._server.server_state.connections))
    return [connection for connection in connections if connection.flow.write_paused]
