"""The web server beside the writer: one thread, one event loop, only reads what is published.

Paths: `/metrics` (or `telemetry_path`), `/-/healthy`, `/-/ready`, `POST` or `PUT /-/reload`,
`POST /api/v1/labels`, the status page at `/` and `/models/<name>`.
Everything else is 404. What clients may take is in `limits`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from threading import Event, Thread
from typing import TYPE_CHECKING

from inference_exporter.errors import UsageError
from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.limits import Limits
from inference_exporter.exposition.listener import BoundedListener, ListenError, bind, url
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.requests import OnRequest, RequestCounter

if TYPE_CHECKING:  # the HTTP stack is imported when a server starts
    from inference_exporter.exposition.feedback import ReceiveLabels
    from inference_exporter.exposition.guard import Guard
    from inference_exporter.exposition.posts import Take
    from inference_exporter.exposition.serving import Server
    from inference_exporter.exposition.webconfig import WebConfig

__all__ = ["Landing", "Limits", "ListenError", "Published", "WebServer"]

_LOOK_SECONDS = 0.1  # between two looks at a thread that should be listening by now


class WebServer:
    """Serves what is published until it is closed.

    Parameters
    ----------
    published
        Where the pages come from.
    listen
        Address and port as in `listener`; port 0 takes a free one.
    private
        As `listen`, for all there is: then `listen` serves nothing but metrics and probes.
    telemetry_path
        The path of the metrics.
    web_config
        TLS, users and headers; None: plain HTTP for everybody.
    is_ready
        Whether to be scraped, and the reason if not. Called in the event loop: must not wait.
    request_reload
        Reloads the configuration: success and text (problems). May wait; one call at a time.
    max_requests
        Requests at once, 0 for no limit. More are answered with 503; probes are exempt.
    landing
        How the status page introduces itself.
    on_request
        Called with route and status code of every answer, in the server's thread: must not wait.
    limits
        Bounds on connections and time.
    receive_labels
        Reads a body of labels and promises status and answer; None: labels are not taken.
    receivers
        What takes the posts to further paths.
    senders
        The users who may post, and do nothing else; none of them: every user may do everything.
    """

    def __init__(  # noqa: PLR0913
        self,
        published: Published,
        *,
        is_ready: Callable[[], tuple[bool, str]],
        request_reload: Callable[[], tuple[bool, str]],
        listen: str = ":9469",
        private: str | None = None,
        telemetry_path: str = "/metrics",
        web_config: WebConfig | None = None,
        max_requests: int = 40,
        landing: Landing | None = None,
        on_request: OnRequest | None = None,
        limits: Limits | None = None,
        receive_labels: ReceiveLabels | None = None,
        receivers: Mapping[str, Take] | None = None,
        senders: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._senders = senders
        self._receive_labels = receive_labels
        self._receivers = receivers or {}
        if not telemetry_path.startswith("/") or "{" in telemetry_path:
            raise UsageError(f"telemetry path {telemetry_path!r}: expected a path such as /metrics")
        self._published = published
        self._is_ready = is_ready
        self._request_reload = request_reload
        self._listen, self._private = listen, private
        self._telemetry_path = telemetry_path
        self._web_config = web_config
        self._max_requests = max_requests
        self._landing = landing or Landing()
        self._limits = limits or Limits()
        self._counter = RequestCounter(on_request)
        self._server: Server | None = None
        self._thread: Thread | None = None
        self._closers: list[Callable[[], None]] = []

    def start(self) -> str:
        """Listen and serve from a thread; returns the addresses with their real ports.

        Raises ListenError (an OSError) if the address cannot be listened on, UsageError if it is
        none, ConfigError if certificate and key cannot be used.
        """
        from inference_exporter.exposition import serving, tls

        settings = self._web_config.tls if self._web_config else None
        context = tls.context(settings) if settings else None
        renewal = tls.Renewal(settings, context) if settings and context else None
        listeners = self._bound()
        address = " and ".join(url(one, "https" if context else "http") for one in listeners)
        started = Event()
        self._server = serving.Server(self._app(), self._limits, context, renewal, started.set)
        self._thread = Thread(
            target=serving.run, args=(self._server, listeners), name="web-server", daemon=True
        )
        self._thread.start()
        while not started.wait(_LOOK_SECONDS):
            if not self._thread.is_alive():
                self.close()
                raise ListenError(f"the web server on {address} did not start, see the log")
        return address

    def _bound(self) -> list[BoundedListener]:
        first = bind(self._listen, self._limits.connections)
        if self._private is None:
            return [first]
        try:
            second = bind(self._private, self._limits.connections, "--web.private-address")
        except BaseException:
            first.close()
            raise
        first.only_metrics = True
        return [first, second]

    def take_requests(self) -> Mapping[tuple[str, str], int]:
        """Requests by route and status code since the last call. For the writer thread."""
        return self._counter.take()

    def close(self) -> None:
        """Finish running answers (for two seconds at most) and stop. May be called again."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(self._limits.shutdown + 5)
            self._thread = None
        for close in self._closers:
            close()
        self._closers.clear()

    def _app(self) -> Guard:
        from inference_exporter.exposition import auth, guard, routes

        handlers = routes.Routes(
            self._published,
            self._telemetry_path,
            self._is_ready,
            self._request_reload,
            self._landing,
            self._receive_labels,
            self._receivers,
        )
        config = self._web_config
        users = auth.BasicAuth(config.users) if config and config.users else None
        self._closers = [handlers.close] + ([users.close] if users else [])
        return guard.Guard(
            handlers.router(),
            handlers.label,
            self._counter,
            self._max_requests,
            users,
            config.headers if config else {},
            self._senders,
            handlers.posting,
            public=handlers.public,
        )
