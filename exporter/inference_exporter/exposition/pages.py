"""The status page over HTTP: `/` and `/models/<name>`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.status import HTML_HEADERS, StatusPages
from inference_exporter.exposition.status.answer import JSON, wants_json

HOME, MODELS = "/", "/models"
ANSWER_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
T = TypeVar("T")


class Pages:
    """Writes a page whenever somebody asks, in `executor`: a large one takes some milliseconds."""

    def __init__(
        self,
        published: Published,
        telemetry_path: str,
        is_ready: Callable[[], tuple[bool, str]],
        landing: Landing,
        executor: Executor,
    ) -> None:
        self._published, self._is_ready, self._executor = published, is_ready, executor
        self._pages = StatusPages(landing, telemetry_path)

    def routes(self) -> list[Route]:
        """Where the pages are. A model's name may contain slashes."""
        return [
            Route(HOME, self.home, methods=["GET"]),
            Route(f"{MODELS}/{{name:path}}", self.model, methods=["GET"]),
        ]

    async def home(self, request: Request) -> Response:
        """Everything at a glance."""
        ready, reason = self._is_ready()
        why, query = "" if ready else (reason or "starting").strip(), request.query_params
        snapshot = self._published.snapshot
        if wants_json(request.headers.get("accept", "")):
            return _answer(await self._written(self._pages.home_answer, snapshot, why))
        page = await self._written(self._pages.home, snapshot, query, why)
        return HTMLResponse(page, headers=HTML_HEADERS)

    async def model(self, request: Request) -> Response:
        """One model."""
        name, query = request.path_params["name"], request.query_params
        snapshot = self._published.snapshot
        if wants_json(request.headers.get("accept", "")):
            found = await self._written(self._pages.model_answer, snapshot, name, query)
            return _not_found() if found is None else _answer(found)
        raw = request.scope.get("raw_path") or request.scope["path"].encode()
        root = "../" * (raw.partition(b"?")[0].count(b"/") - 1)
        page = await self._written(self._pages.model, snapshot, name, query, root)
        return _not_found() if page is None else HTMLResponse(page, headers=HTML_HEADERS)

    async def _written(self, write: Callable[..., T], *given: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, write, *given)


def _answer(body: bytes) -> Response:
    return Response(body, media_type=JSON, headers=ANSWER_HEADERS)


def _not_found() -> Response:
    return PlainTextResponse(f"No such model. All of them are at {HOME}\n", 404)
