"""Who posts slowly, from another page, or what is not what it says, harms nobody else."""

from __future__ import annotations

import gzip
import http.client
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from urllib.parse import urlsplit

import bcrypt
import httpx
import pytest

from exposition_server import connected, eventually, read_to_end, running
from inference_exporter.exposition import bodies, guard
from inference_exporter.exposition.bodies import MAX_SMALL, RefusedBody, Room
from inference_exporter.exposition.limits import Limits
from inference_exporter.exposition.posts import Post, Reply
from inference_exporter.exposition.webconfig import WebConfig

HALF = b"POST /push HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
PACKED = gzip.compress(b"{}", mtime=0)


def take(post: Post) -> Future[Reply]:
    answer: Future[Reply] = Future()
    answer.set_result(Reply(200, post.body))
    return answer


@pytest.fixture(scope="module")
def pushed() -> Iterator[str]:
    with running(receivers={"/push": take}) as (_, url):
        yield url


def test_a_crowd_that_sends_no_whole_body_keeps_nobody_out() -> None:
    limits = Limits(connections=20, shutdown=1)
    with (
        running(limits=limits, receivers={"/push": take}, max_requests=2) as (_, url),
        ExitStack() as stack,
    ):
        for _ in range(60):
            stack.enter_context(connected(url)).sendall(HALF)
        for _ in range(3):
            assert httpx.get(f"{url}/-/healthy").status_code == 200
            assert httpx.get(f"{url}/metrics").status_code == 503  # nothing was published
            assert "Nothing published yet" in httpx.get(f"{url}/metrics").text
            assert httpx.post(f"{url}/push", content=b"small").text == "small"
            stack.enter_context(connected(url)).sendall(HALF)


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.2)
    monkeypatch.setattr(guard, "LINGER_SECONDS", 0.2)
    with running(receivers={"/push": take}) as (_, url), connected(url) as client:
        client.sendall(HALF)
        answer = read_to_end(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"not here after 0.2 seconds" in answer


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (PACKED, {}, "say so, with the header Content-Encoding: gzip"),
        (gzip.compress(PACKED, mtime=0), {"Content-Encoding": "gzip"}, "with gzip twice"),
        (b"{}", {"Content-Encoding": "br"}, "expected gzip or deflate"),
    ],
)
def test_a_body_that_is_packed_otherwise_than_it_says_is_refused_with_a_reason(
    pushed: str, body: bytes, headers: dict[str, str], words: str
) -> None:
    answer = httpx.post(f"{pushed}/push", content=body, headers=headers)
    assert (answer.status_code, words in answer.text) == (415, True)


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_page_of_another_site_cannot_push(pushed: str, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{pushed}/push", content=b"{}", headers=headers)
    assert answer.status_code == 403
    assert httpx.post(f"{pushed}/push", content=b"{}").status_code == 200


def exchange(url: str, *said: bytes) -> bytes:
    """What is answered, to the end of the connection; the next is said when an answer came."""
    answer = b""
    with connected(url) as client:
        for piece in said:
            client.sendall(piece)
            answer += client.recv(65536)
        return answer + read_to_end(client)


CLOSE = b"Host: x\r\nConnection: close\r\n"
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "status", "end"),
    [
        (b"POST /push HTTP/1.1\r\n" + CLOSE + CHUNKS, 200, b"{}"),
        (b"POST /push HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}"),
        (b"POST /push HTTP/1.0\r\n\r\n", 200, b"\r\n\r\n"),
        (HALF.replace(b"1000", b"2") + b"}" + b"GET / HTTP/1.0\r\n\r\n", 200, b"</html>\n"),
        (HALF.replace(b"/push", b"/push/"), 404, b"Metrics are at /metrics.\n"),
        (HALF.replace(b"POST", b"GET"), 405, b"Method Not Allowed"),
        (b"HEAD /push HTTP/1.1\r\n" + CLOSE + b"\r\n", 405, b"\r\n\r\n"),
        (HALF.replace(b"1000", b"-1"), 400, b"Invalid HTTP request received."),
        (HALF.replace(b"1000", b"9" * 30), 400, b"Invalid HTTP request received."),
        (HALF.replace(b"1000", b"1\r\nContent-Length: 2"), 400, b"Invalid HTTP request received."),
        (HALF.replace(b"1000", b"1\r\nTransfer-Encoding: chunked"), 400, b"is not clear.\n"),
        (HALF.replace(b"1000", b"9000000"), 413, b"send less at once\"}"),
    ],
    ids=[
        "chunks", "HTTP/1.0", "no body", "ahead", "slash", "GET", "HEAD", "below zero", "endless",
        "two lengths", "length and chunks", "too large",
    ],
)  # fmt: skip
def test_requests_out_of_the_ordinary_are_answered_and_hold_nothing(
    pushed: str, monkeypatch: pytest.MonkeyPatch, said: bytes, status: int, end: bytes
) -> None:
    monkeypatch.setattr(guard, "LINGER_SECONDS", 0.1)
    answer = exchange(pushed, said)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.endswith(end)


def test_who_asks_before_sending_a_body_is_told_before_sending_it(pushed: str) -> None:
    ask = b"POST /push HTTP/1.1\r\nExpect: 100-continue\r\n" + CLOSE + b"Content-Length: %d\r\n\r\n"
    assert exchange(pushed, ask % 2, b"{}").startswith(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "
    )
    for unwanted in (ask % 9_000_000, ask.replace(b"/push", b"/nowhere") % 2):
        assert exchange(pushed, unwanted).startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 404 "))


@pytest.mark.parametrize("size", [1_000_000, 9_000_000])
def test_who_is_refused_while_sending_reads_why(size: int) -> None:
    hashed = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
    with running(receivers={"/push": take}, web_config=WebConfig(users={"u": hashed})) as (_, url):
        for path, status in (("/push", 401), ("/nowhere", 401)):
            client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
            client.request("POST", path, b"x" * size)  # reads nothing before all of it is sent
            assert client.getresponse().status == status
            client.close()


def test_who_lingers_keeps_no_one_out() -> None:
    with running(max_requests=1) as (_, url), ExitStack() as stack:
        for _ in range(5):
            client = stack.enter_context(connected(url))
            client.sendall(HALF.replace(b"/push", b"/metrics"))
            assert client.recv(65536).startswith(b"HTTP/1.1 405 ")
        assert "Nothing published yet" in httpx.get(f"{url}/metrics").text


def test_large_bodies_take_turns_and_small_ones_need_none() -> None:
    half = b"POST /push HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 300_000
    large = b"x" * (MAX_SMALL + 1)
    with running(receivers={"/push": take}) as (_, url):
        with ExitStack() as stack:
            for _ in range(16):
                stack.enter_context(connected(url)).sendall(half)
            assert eventually(lambda: httpx.post(f"{url}/push", content=large).status_code == 503)
            busy = httpx.post(f"{url}/push", content=large)
            assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
            assert httpx.post(f"{url}/push", content=b"small").status_code == 200
        assert eventually(lambda: httpx.post(f"{url}/push", content=large).status_code == 200)


def test_a_place_is_taken_once_and_given_back() -> None:
    room = Room(1)
    with room.place() as mine, room.place() as other:
        mine()
        mine()
        with pytest.raises(RefusedBody, match="come again"):
            other()
    with room.place() as next_one:
        next_one()


def test_others_are_served_while_a_body_is_unpacked() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(post: Post) -> Future[Reply]:
        asked.set()
        assert go_on.wait(20)
        return take(post)

    with running(receivers={"/push": slow}) as (_, url):
        packed, headers = gzip.compress(b"x"), {"Content-Encoding": "gzip"}
        given = {"url": f"{url}/push", "content": packed, "headers": headers, "timeout": 30}
        sender = threading.Thread(target=httpx.post, kwargs=given)
        sender.start()
        assert asked.wait(20)
        assert httpx.get(f"{url}/-/healthy").status_code == 200
        go_on.set()
        sender.join(30)
