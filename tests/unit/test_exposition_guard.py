"""What happens around a request when things go wrong inside."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import bcrypt
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from exposition_server import running
from inference_exporter.exposition import auth, serving
from inference_exporter.exposition.attempts import ADDRESSES, ATTEMPTS, SECONDS, WAITING, Attempts
from inference_exporter.exposition.auth import BasicAuth, TryLaterError
from inference_exporter.exposition.guard import Guard
from inference_exporter.exposition.listener import ListenError
from inference_exporter.exposition.requests import RequestCounter

USERS = {"alice": "hash of alice"}


def _scope(user: str = "", password: str = "") -> Scope:
    credentials = b"Basic " + base64.b64encode(f"{user}:{password}".encode())
    headers = [(b"authorization", credentials)]
    return {"type": "http", "method": "GET", "path": "/", "headers": headers}


@pytest.fixture
def users() -> Iterator[BasicAuth]:
    with closing(BasicAuth(USERS)) as users:
        yield users


def _admits(users: BasicAuth, *passwords: str) -> list[bool]:
    async def ask() -> list[bool]:
        return [await users.user(Request(_scope("alice", one))) is not None for one in passwords]

    return asyncio.run(ask())


def test_wrong_passwords_are_bounded_and_right_ones_pass(
    users: BasicAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[bytes] = []

    def check(password: bytes, _hashed: bytes) -> bool:
        checks.append(password)
        return password == b"right"

    monkeypatch.setattr(bcrypt, "checkpw", check)
    assert _admits(users, "right", *["wrong"] * ATTEMPTS) == [True, *[False] * ATTEMPTS]
    with pytest.raises(TryLaterError) as refused:
        _admits(users, "wrong")
    assert 0 < refused.value.seconds <= SECONDS
    assert _admits(users, "right") == [True]  # remembered: nothing is checked
    assert len(checks) == ATTEMPTS + 1


def test_attempts_come_back_and_addresses_are_forgotten() -> None:
    attempts = Attempts()
    for _ in range(ATTEMPTS):
        assert attempts.begin("a", 0.0) == 0.0
        attempts.end("a", right=False)
    assert attempts.begin("a", 1.0) == pytest.approx(SECONDS - 1.0)
    assert attempts.begin("b", 1.0) == 0.0
    attempts.end("b", right=True)
    assert attempts.begin("a", SECONDS) == 0.0
    for i in range(WAITING):
        attempts.begin(f"c{i}", 0.0)
    assert attempts.begin("d", 0.0) == SECONDS  # too many wait
    for i in range(2 * ADDRESSES):
        attempts.end("", right=False)
        attempts.begin(f"e{i}", 0.0)
    assert len(attempts._left) <= ADDRESSES


def test_addresses_of_one_network_share_their_attempts() -> None:
    attempts = Attempts()
    for i in range(ATTEMPTS):
        assert attempts.begin(f"2001:db8::{i:x}", 0.0) == 0.0
    assert attempts.begin("2001:db8::ffff", 0.0) == SECONDS
    assert attempts.begin("2001:db8:0:1::1", 0.0) == 0.0


def test_senders_may_post_and_nothing_else(
    users: BasicAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bcrypt, "checkpw", lambda _password, _hashed: True)
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Message:
        raise AssertionError

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("ok")(scope, receive, send)

    for senders in ((), ("alice",), ("bob",)):
        guard = Guard(
            answer, str, RequestCounter(), 0, users, {}, partial(tuple, senders), ("/post",)
        )
        for path in ("/", "/post"):
            scope = {**_scope("alice", "x"), "path": path}
            asyncio.run(guard(scope, receive, send))
    assert statuses == [200, 200, 403, 200, 200, 403]


def test_answer_that_fails_half_way_is_cut_off_and_counted_once() -> None:
    sent: list[Message] = []

    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    counter = RequestCounter()
    guard = Guard(half, str, counter, 1, None, {})
    for _ in range(2):  # the second is not over the limit: the first has left
        with pytest.raises(ConnectionAbortedError):
            asyncio.run(guard(_scope(), receive, send))
    assert [message["status"] for message in sent] == [200, 200]
    assert counter.take() == {("/", "200"): 2}


def test_password_that_bcrypt_refuses_is_wrong(
    users: BasicAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_password: bytes, _hashed: bytes) -> bool:
        raise ValueError

    monkeypatch.setattr(bcrypt, "checkpw", refuse)
    assert _admits(users, "x") == [False]


def test_only_so_many_right_passwords_are_remembered(
    users: BasicAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[bytes] = []

    def admit(password: bytes, _hashed: bytes) -> bool:
        checks.append(password)
        return True

    monkeypatch.setattr(bcrypt, "checkpw", admit)
    monkeypatch.setattr(auth, "_REMEMBERED", 2)
    assert all(_admits(users, "a", "b", "c", "b", "c", "a"))
    assert checks == [b"a", b"b", b"c", b"a"]


def test_server_that_cannot_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "run", lambda _server, listeners: listeners[0].close())
    with pytest.raises(ListenError, match="did not start"), running():
        pass
