"""Routes that take what is posted: bodies within limits, in turns, answered when it is safe."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future, ThreadPoolExecutor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from inference_exporter.exposition import bodies
from inference_exporter.exposition.posts import Post, Reply, Take

WAIT = 30.0  # seconds for an answer; connections are given twice that
AT_ONCE = 16  # large bodies in memory at the same time
_RETRY = 5  # seconds


class Reception:
    """One route. `take` reads a body, in a thread of `reading`, and promises an answer."""

    def __init__(self, take: Take, reading: ThreadPoolExecutor) -> None:
        self._take, self._reading = take, reading
        self._room = bodies.Room(AT_ONCE)

    async def __call__(self, request: Request) -> Response:
        """Answer one post."""
        try:
            with self._room.place() as is_large:
                body = await bodies.read(request, is_large)
                loop = asyncio.get_running_loop()
                promised = await loop.run_in_executor(self._reading, self._taken, request, body)
        except bodies.RefusedBody as refused:
            retry = _RETRY if refused.status == 503 else 0
            return _answer(said(refused.status, refused.text, retry))
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            return _answer(await asyncio.wait_for(asyncio.wrap_future(promised), WAIT))
        except TimeoutError:
            return _answer(said(503, "not written yet; send it again", _RETRY))

    def _taken(self, request: Request, body: bytes) -> Future[Reply]:
        headers = dict(request.headers)
        return self._take(Post(bodies.plain(body, headers), headers, dict(request.query_params)))


def said(status: int, text: str, retry_after: int = 0) -> Reply:
    """An answer that says what is wrong."""
    return Reply(status, json.dumps({"error": text}).encode(), retry_after=retry_after)


def _answer(reply: Reply) -> Response:
    headers = {"Retry-After": str(reply.retry_after)} if reply.retry_after else None
    return Response(reply.body, reply.status, headers, reply.content_type)
