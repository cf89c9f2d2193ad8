"""Who posts slowly, from another page, or what is not what it says, harms nobody else."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack

import httpx
import pytest

from exposition_server import connected, eventually, read_to_end, running
from inference_exporter.exposition import bodies
from inference_exporter.exposition.bodies import MAX_SMALL, RefusedBody, Room
from inference_exporter.exposition.limits import Limits
from inference_exporter.exposition.posts import Post, Reply

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
