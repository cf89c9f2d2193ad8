"""Bodies of requests, read within limits and decompressed."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from starlette.requests import Request

MAX_BODY = 8 << 20  # as it is sent
MAX_UNPACKED = 32 << 20  # what may come out of a compressed one
MAX_SMALL = 64 << 10  # needs no place in a `Room`
SECONDS = 30.0  # for a whole body
_GZIP = b"\x1f\x8b"  # how its bodies begin
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class RefusedBody(Exception):
    """The body cannot be taken: status and reason."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Room:
    """Places in memory for large bodies; small ones need none, and are as many as connections."""

    def __init__(self, places: int) -> None:
        self._free = places

    @contextmanager
    def place(self) -> Iterator[Callable[[], None]]:
        """Something to call when a body turns out to be large; RefusedBody where all are taken."""
        taken = False

        def take() -> None:
            nonlocal taken
            if not taken and not self._free:
                raise RefusedBody(503, "too many large bodies at once; come again")
            self._free -= not taken
            taken = True

        try:
            yield take
        finally:
            self._free += taken


async def read(request: Request, is_large: Callable[[], None]) -> bytes:
    """The body as it was sent; RefusedBody if it is too large or too slow.

    `is_large` is called when it turns out to be more than MAX_SMALL.
    """
    try:
        async with asyncio.timeout(SECONDS):
            return await _read(request, is_large)
    except TimeoutError as error:
        raise RefusedBody(408, f"not here after {SECONDS:g} seconds") from error


async def _read(request: Request, is_large: Callable[[], None]) -> bytes:
    encoding_of(request.headers)  # what cannot be unpacked need not be read
    if int(request.headers.get("content-length", 0)) > MAX_BODY:  # nor what says that it is large
        raise _too_large()
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY:  # what is beyond the limit is never kept
            raise _too_large()
        if size > MAX_SMALL:
            is_large()
        pieces.append(piece)
    return b"".join(pieces)


def _too_large() -> RefusedBody:
    return RefusedBody(413, f"larger than {MAX_BODY} bytes; send less at once")


def encoding_of(headers: Mapping[str, str]) -> str:
    """How a body is packed, empty if it is not; RefusedBody where that is not known."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", *_WINDOWS):
        raise RefusedBody(415, f"content-encoding {encoding[:40]!r}: expected gzip or deflate")
    return encoding if encoding in _WINDOWS else ""


def plain(body: bytes, headers: Mapping[str, str]) -> bytes:
    """A body as it is meant: unpacked where its headers say that it is packed. Takes a moment."""
    encoding = encoding_of(headers)
    body = unpacked(body, encoding) if encoding else body
    if body.startswith(_GZIP):
        said = "packed with gzip twice" if encoding else "packed with gzip: say so, with the header"
        raise RefusedBody(415, f"the body is {said}{'' if encoding else ' Content-Encoding: gzip'}")
    return body


def unpacked(body: bytes, encoding: str) -> bytes:
    """What was packed, within limits.

    >>> import gzip
    >>> unpacked(gzip.compress(b"labels"), "gzip")
    b'labels'
    """
    stream = zlib.decompressobj(_WINDOWS[encoding])
    try:
        data = stream.decompress(body, MAX_UNPACKED)
    except zlib.error as error:
        raise RefusedBody(400, f"the body is not {encoding}: {error}") from error
    if stream.unconsumed_tail:
        raise RefusedBody(413, f"more than {MAX_UNPACKED} bytes unpacked; send less at once")
    if not stream.eof:
        raise RefusedBody(400, f"the {encoding} body ends in the middle")
    return data
