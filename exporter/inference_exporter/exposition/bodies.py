"""Bodies of requests, read within limits and decompressed."""

from __future__ import annotations

import zlib

from starlette.requests import Request

MAX_BODY = 8 << 20  # as it is sent
MAX_UNPACKED = 32 << 20  # what may come out of a compressed one
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class RefusedBody(Exception):
    """The body cannot be taken: status and reason."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


async def read(request: Request) -> bytes:
    """The body; RefusedBody if it is too large, or packed in a way that is not known."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", *_WINDOWS):
        raise RefusedBody(415, f"content-encoding {encoding[:40]!r}: expected gzip or deflate")
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY:  # what is beyond the limit is never kept
            raise RefusedBody(413, f"larger than {MAX_BODY} bytes; send less at once")
        pieces.append(piece)
    body = b"".join(pieces)
    return unpacked(body, encoding) if encoding in _WINDOWS else body


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
