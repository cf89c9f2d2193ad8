"""`POST /api/v1/labels`: labels by HTTP, answered after the commit in which they are counted.

| status | meaning |
|---|---|
| 202 | all records are counted; `persistent` says whether they are on disk |
| 400 | some records cannot be taken, with the reason of each; nothing was counted |
| 408 | the body does not come |
| 413 | the body is larger than 8 MiB, or 32 MiB when it is unpacked |
| 415 | the body is packed in another way than gzip or deflate |
| 503 | too many labels are on their way, or the commit did not come in time: send it again |

Sending labels again is harmless: the second time they are duplicates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from inference_exporter.exposition import bodies

WAIT = 30.0  # seconds for the commit; connections are given twice that
AT_ONCE = 4  # large bodies in memory at the same time

Answer = tuple[int, Mapping[str, object]]
ReceiveLabels = Callable[[bytes], Future[Answer]]


class Feedback:
    """The handler. `receive` reads a body, in a thread, and promises an answer."""

    def __init__(self, receive: ReceiveLabels) -> None:
        self._receive = receive
        self._reading = ThreadPoolExecutor(1, "labels")
        self._room = bodies.Room(AT_ONCE)

    async def __call__(self, request: Request) -> Response:
        """Take labels."""
        try:
            with self._room.place() as is_large:
                body = await bodies.read(request, is_large)
                loop = asyncio.get_running_loop()
                promised = await loop.run_in_executor(self._reading, self._taken, request, body)
        except bodies.RefusedBody as refused:
            retry = _retry() if refused.status == 503 else None
            return JSONResponse({"error": refused.text}, refused.status, retry)
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            status, answer = await asyncio.wait_for(asyncio.wrap_future(promised), WAIT)
        except TimeoutError:
            return _busy("no commit yet; the labels may be counted, sending them again is harmless")
        return JSONResponse(answer, status, _retry() if status == 503 else None)

    def _taken(self, request: Request, body: bytes) -> Future[Answer]:
        return self._receive(bodies.plain(body, request.headers))

    def close(self) -> None:
        """Let the thread end."""
        self._reading.shutdown(wait=False, cancel_futures=True)


def _retry() -> dict[str, str]:
    return {"Retry-After": "5"}


def _busy(text: str) -> Response:
    return JSONResponse({"error": text}, 503, _retry())
