"""Basic authentication against bcrypt hashes, as the web config file has them.

bcrypt is slow on purpose (50 ms at cost 10): it runs in one thread of its own, away from the
event loop, and a pair that was right is remembered under a keyed hash, so that only a scraper's
first request pays. An unknown user costs as much time as a wrong password; how many an address may
try is bounded (`attempts`), so that trying neither burns a core nor keeps scrapers waiting.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b

from starlette.requests import Request

from inference_exporter.exposition.attempts import Attempts

_REMEMBERED = 100  # right pairs; more than there are scrapers
_BCRYPT_BYTES = 72  # bcrypt reads no further; htpasswd cuts here, the Python package raises


class TryLaterError(Exception):
    """Too many wrong passwords: come again in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class BasicAuth:
    """Decides who may enter. Used from one event loop."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = {name: hashed.encode() for name, hashed in users.items()}
        self._decoy = next(iter(self._users.values()))
        self._key = os.urandom(32)
        self._known: dict[bytes, None] = {}
        self._attempts = Attempts()
        self._thread = ThreadPoolExecutor(1, "basic-auth", initializer=_step_back)

    async def user(self, request: Request) -> str | None:
        """The user whose name and password the request carries; TryLaterError after many wrong."""
        pair = _credentials(request.headers.get("authorization", ""))
        if pair is None:
            return None
        user, password = pair
        fingerprint = self._fingerprint(user, password)
        if fingerprint in self._known:
            return user
        address = request.client.host if request.client else ""
        if not await self._checked(user, password, address):
            return None
        self._remember(fingerprint)
        return user

    async def _checked(self, user: str, password: bytes, address: str) -> bool:
        loop = asyncio.get_running_loop()
        if wait := self._attempts.begin(address, loop.time()):
            raise TryLaterError(wait)
        hashed, right = self._users.get(user), False
        try:
            matches = await loop.run_in_executor(
                self._thread, _matches, password, hashed or self._decoy
            )
            right = hashed is not None and matches
        finally:
            self._attempts.end(address, right=right)
        return right

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _fingerprint(self, user: str, password: bytes) -> bytes:
        """What stands for a pair in memory: useless without the key, equal only for equal pairs."""
        name = user.encode()
        return blake2b(b"%d:%b%b" % (len(name), name, password), key=self._key).digest()

    def _remember(self, fingerprint: bytes) -> None:
        while len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[fingerprint] = None


def _step_back() -> None:
    """Let all others of the machine go first: on Linux a thread has a priority of its own."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _matches(password: bytes, hashed: bytes) -> bool:
    import bcrypt  # only servers with users need it

    try:
        return bcrypt.checkpw(password[:_BCRYPT_BYTES], hashed)
    except ValueError:  # a NUL byte: no hash has one
        return False


def _credentials(header: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None
