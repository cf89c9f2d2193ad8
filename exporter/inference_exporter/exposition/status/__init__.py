"""The status page: what a person sees who has no Grafana yet. Works without scripts.

Snapshot -> views (values) -> HTML. Nothing here is done unless somebody asks for a page, and it
reads nothing but the published snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.status.answer import Answer, encoded
from inference_exporter.exposition.status.html.home import home_page
from inference_exporter.exposition.status.html.model import model_page
from inference_exporter.exposition.status.html.shell import HTML_HEADERS, Shell
from inference_exporter.exposition.status.overview import home_view, model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.values.samples import Snapshot

__all__ = ["HTML_HEADERS", "StatusPages"]


class StatusPages:
    """Writes the pages. Has no state: any thread may use it."""

    def __init__(self, landing: Landing, telemetry_path: str) -> None:
        self._landing = landing
        self._shell = Shell(landing, telemetry_path)

    def home(self, snapshot: Snapshot | None, query: Mapping[str, str], not_ready: str) -> str:
        """The page at `/`; also before there is anything to show."""
        known = Snapshot() if snapshot is None else snapshot
        content = home_page(home_view(known), self._landing, not_ready, "./")
        name = self._landing.name
        return self._shell.page(name, content, "./", Selection.of(query), known.timestamp)

    def model(
        self, snapshot: Snapshot | None, name: str, query: Mapping[str, str], root: str = "../"
    ) -> str | None:
        """A model's page; None if there is no such model. `root` leads from it to `/`."""
        chosen = Selection.of(query)
        view = None if snapshot is None else model_view(snapshot, name, chosen)
        if snapshot is None or view is None:
            return None
        content = model_page(view, chosen, root)
        title = f"{name} – {self._landing.name}"
        return self._shell.page(title, content, root, chosen, snapshot.timestamp)

    def home_answer(self, snapshot: Snapshot | None, not_ready: str) -> bytes:
        """The front page as values."""
        known = Snapshot() if snapshot is None else snapshot
        home = home_view(known)
        return encoded(Answer(self._landing.version, known.timestamp, not_ready, home))

    def model_answer(
        self, snapshot: Snapshot | None, name: str, query: Mapping[str, str]
    ) -> bytes | None:
        """A model's page as values; None if there is no such model."""
        view = None if snapshot is None else model_view(snapshot, name, Selection.of(query))
        if snapshot is None or view is None:
            return None
        return encoded(Answer(self._landing.version, snapshot.timestamp, model=view))
