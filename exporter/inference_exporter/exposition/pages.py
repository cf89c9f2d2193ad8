"""The status page over HTTP: `/` and `/models/<name>`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.status import HTML_HEADERS, StatusPages

HOME, MODELS = "/", "/models"


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
        why, query = "" if ready else reason or "starting", request.query_params
        snapshot, loop = self._published.snapshot, asyncio.get_running_loop()
        page = await loop.run_in_executor(
            self._executor, self._pages.home, snapshot, query, why.strip()
        )
        return HTMLResponse(page, headers=HTML_HEADERS)

    async def model(self, request: Request) -> Response:
        """One model."""
        name, query = request.path_params["name"], request.query_params
        raw = request.scope.get("raw_path") or request.scope["path"].encode()
        root = "../" * (raw.partition(b"?")[0].count(b"/") - 1)
        snapshot, loop = self._published.snapshot, asyncio.get_running_loop()
        page = await loop.run_in_executor(
            self._executor, self._pages.model, snapshot, name, query, root
        )
        if page is None:
            return PlainTextResponse(f"No such model. All of them are at {HOME}\n", 404)
        return HTMLResponse(page, headers=HTML_HEADERS)
