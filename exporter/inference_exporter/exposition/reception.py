"""Routes that take what is posted: bodies within limits, in turns, answered when it is safe."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from inference_exporter.exposition import bodies
from inference_exporter.exposition.posts import Post, Reply, Take

WAIT = 30.0  # seconds for an answer; connections are given twice that
AT_ONCE = 16  # bodies in memory at the same time
_RETRY = 5  # seconds


class Reception:
    """One route. `take` reads a body, in a thread of `reading`, and promises an answer."""

    def __init__(self, take: Take, reading: ThreadPoolExecutor) -> None:
        self._take, self._reading = take, reading
        self._bodies = 0

    async def __call__(self, request: Request) -> Response:
        """Answer one post."""
        if self._bodies >= AT_ONCE:
            return _answer(said(503, "too many bodies at once, try again later", _RETRY))
        self._bodies += 1
        try:
            body = await bodies.read(request)
            post = Post(body, dict(request.headers), dict(request.query_params))
            loop = asyncio.get_running_loop()
            promised = await loop.run_in_executor(self._reading, self._take, post)
        except bodies.RefusedBody as refused:
            return _answer(said(refused.status, refused.text))
        except ClientDisconnect:
            return Response(status_code=400)
        finally:
            self._bodies -= 1
        try:
            return _answer(await asyncio.wait_for(asyncio.wrap_future(promised), WAIT))
        except TimeoutError:
            return _answer(said(503, "not written yet; send it again", _RETRY))


def said(status: int, text: str, retry_after: int = 0) -> Reply:
    """An answer that says what is wrong."""
    return Reply(status, json.dumps({"error": text}).encode(), retry_after=retry_after)


def _answer(reply: Reply) -> Response:
    headers = {"Retry-After": str(reply.retry_after)} if reply.retry_after else None
    return Response(reply.body, reply.status, headers, reply.content_type)
