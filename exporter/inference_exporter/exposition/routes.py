"""What each path answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from inference_exporter.exposition.feedback import Feedback, ReceiveLabels
from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.limits import BODY_PIECE_BYTES
from inference_exporter.exposition.negotiation import accepts_gzip, negotiate
from inference_exporter.exposition.origin import FOREIGN, is_from_another_page
from inference_exporter.exposition.pages import HOME, MODELS, Pages
from inference_exporter.exposition.posts import Take
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.reception import Reception

Check = Callable[[], tuple[bool, str]]

HEALTHY, READY, RELOAD = "/-/healthy", "/-/ready", "/-/reload"
LABELS = "/api/v1/labels"
OTHER = "other"


class Routes:
    """The handlers. Used from one event loop; whatever may take time runs in a thread of its own.

    Before the first publication `/metrics` answers 503. An empty page would be valid too, but it
    says that there are no metrics; a failed scrape says that nobody knows yet, and `up` shows it.
    """

    def __init__(
        self,
        published: Published,
        telemetry_path: str,
        is_ready: Check,
        request_reload: Check,
        landing: Landing,
        receive_labels: ReceiveLabels | None = None,
        receivers: Mapping[str, Take] | None = None,
    ) -> None:
        self._receiving = ThreadPoolExecutor(1, "receive")
        self._receivers = {
            path: Reception(take, self._receiving) for path, take in (receivers or {}).items()
        }
        self._feedback = None if receive_labels is None else Feedback(receive_labels)
        self._published = published
        self._telemetry_path = telemetry_path
        self._is_ready = is_ready
        self._request_reload = request_reload
        self._rendering = ThreadPoolExecutor(1, "render")
        self._pages = Pages(published, telemetry_path, is_ready, landing, self._rendering)
        self._reloading = ThreadPoolExecutor(1, "reload")
        self.public = frozenset((telemetry_path, HEALTHY, READY))
        self.posting = frozenset((LABELS, *self._receivers))
        self._labels = {telemetry_path, HEALTHY, READY, RELOAD, HOME, LABELS, *self._receivers}

    def router(self) -> Router:
        """The handlers under their paths."""
        routes = [
            Route(self._telemetry_path, self.metrics, methods=["GET"]),
            Route(HEALTHY, self.healthy, methods=["GET"]),
            Route(READY, self.ready, methods=["GET"]),
            Route(RELOAD, self.reload, methods=["POST", "PUT"]),
            *self._pages.routes(),
        ]
        if self._feedback is not None:
            routes.append(Route(LABELS, self._feedback.__call__, methods=["POST"]))
        for path, reception in self._receivers.items():
            routes.append(Route(path, reception.__call__, methods=["POST"]))
        return Router(routes, redirect_slashes=False, default=self.not_found)

    def label(self, path: str) -> str:
        """The path if it is one of ours: requests are counted by it, and anyone can invent more."""
        if path.startswith(f"{MODELS}/"):
            return MODELS
        return path if path in self._labels else OTHER

    async def metrics(self, request: Request) -> Response:
        """The page, in the format and encoding the client asks for."""
        dialect = negotiate(", ".join(request.headers.getlist("accept")))
        gzip = accepts_gzip(", ".join(request.headers.getlist("accept-encoding")))
        body = self._published.cached(dialect, gzip)
        if body is None:
            loop = asyncio.get_running_loop()
            body = await loop.run_in_executor(self._rendering, self._published.body, dialect, gzip)
        if body is None:
            return PlainTextResponse(f"Nothing published yet, see {READY}.\n", 503)
        headers = {"Content-Type": dialect.value, "Vary": "Accept, Accept-Encoding"}
        return _PageResponse(body, headers=headers | ({"Content-Encoding": "gzip"} if gzip else {}))

    async def healthy(self, _request: Request) -> Response:
        """Whether the process is alive, which it is if it can answer."""
        return PlainTextResponse("Healthy.\n")

    async def ready(self, _request: Request) -> Response:
        """Whether there is something worth scraping, or why not yet."""
        ready, reason = self._is_ready()
        return PlainTextResponse(_line(reason or "Ready."), 200 if ready else 503)

    async def reload(self, request: Request) -> Response:
        """Read the configuration again; the answer lists what is wrong with it."""
        if is_from_another_page(request):
            return PlainTextResponse(FOREIGN, 403)
        loop = asyncio.get_running_loop()
        done, text = await loop.run_in_executor(self._reloading, self._request_reload)
        return PlainTextResponse(_line(text or "Reloaded."), 200 if done else 500)

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Everything else."""
        text = f"Not found. Metrics are at {self._telemetry_path}.\n"
        await PlainTextResponse(text, 404)(scope, receive, send)

    def close(self) -> None:
        """Let the threads end."""
        self._rendering.shutdown(wait=False, cancel_futures=True)
        self._reloading.shutdown(wait=False, cancel_futures=True)
        self._receiving.shutdown(wait=False, cancel_futures=True)
        if self._feedback is not None:
            self._feedback.close()


class _PageResponse(Response):
    """A body written piece by piece: the server waits between pieces until the client has read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        for offset in range(0, len(self.body), BODY_PIECE_BYTES):
            piece = self.body[offset : offset + BODY_PIECE_BYTES]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # others have a turn, and a client that left is noticed
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _line(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
