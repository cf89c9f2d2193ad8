"""What happens around a request when things go wrong inside."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import closing

import bcrypt
import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from exposition_server import running
from inference_exporter.exposition import auth, serving
from inference_exporter.exposition.auth import BasicAuth
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
        return [await users.admits(Request(_scope("alice", one))) for one in passwords]

    return asyncio.run(ask())


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
    monkeypatch.setattr(serving, "run", lambda _server, listener: listener.close())
    with pytest.raises(ListenError, match="did not start"), running():
        pass
