"""Middleware for Flask and whatever else speaks WSGI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Callable

from inference_log.bodies import Exchange, Read, fields_of
from inference_log.log import PredictionLog

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_ID = "X-Request-Id"


class PredictionMiddleware:
    """Logs every POST below one of the `paths`, and answers with its id in `X-Request-Id`.

    `read(request, response)` gives the fields of a prediction from the JSON of both.
    """

    def __init__(
        self,
        app: App,
        log: PredictionLog,
        paths: tuple[str, ...] = ("/",),
        read: Read = fields_of,
        max_body: int = 1 << 20,
    ) -> None:
        self._app, self._log, self._paths = app, log, tuple(paths)
        self._read, self._max_body = read, max_body

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Pass everything on, and keep a copy."""
        path = environ.get("PATH_INFO") or "/"
        if environ.get("REQUEST_METHOD") != "POST" or not path.startswith(self._paths):
            return self._app(environ, start_response)
        given = environ.get("HTTP_X_REQUEST_ID")
        return self._logged(environ, start_response, Exchange(self._log, given, self._read,
                                                              self._max_body))  # fmt: skip

    def _logged(
        self, environ: dict[str, Any], start_response: Callable[..., Any], exchange: Exchange
    ) -> Iterator[bytes]:
        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            exchange.call.note(status=int(status.split(" ", 1)[0]))
            if not any(name.lower() == _ID.lower() for name, _ in headers):
                headers = [*headers, (_ID, exchange.id)]
            return start_response(status, headers, *more)

        environ["wsgi.input"] = _Input(environ["wsgi.input"], exchange)
        with exchange.call:
            answer = self._app(environ, started)
            try:
                for body in answer:
                    exchange.answered(body)
                    yield body
            finally:
                if hasattr(answer, "close"):
                    answer.close()


class _Input:
    """The body of a request, kept as it is read."""

    def __init__(self, stream: Any, exchange: Exchange) -> None:
        self._stream, self._exchange = stream, exchange

    def _kept(self, body: bytes) -> bytes:
        self._exchange.asked(body)
        return body

    def read(self, *size: int) -> bytes:
        return self._kept(self._stream.read(*size))

    def readline(self, *size: int) -> bytes:
        return self._kept(self._stream.readline(*size))

    def readlines(self, *size: int) -> list[bytes]:
        return [self._kept(line) for line in self._stream.readlines(*size)]

    def __iter__(self) -> Iterator[bytes]:
        return map(self._kept, self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
