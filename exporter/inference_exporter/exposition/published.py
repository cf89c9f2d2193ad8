"""The hand-over from the one writer to all readers: a reference that is swapped."""

from __future__ import annotations

from threading import Lock

from inference_exporter.exposition.negotiation import RENDERERS, Dialect, compressed
from inference_exporter.values.samples import Snapshot


class _Page:
    """A snapshot with the texts that somebody asked for."""

    __slots__ = ("bodies", "snapshot")

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.snapshot = snapshot
        self.bodies: dict[tuple[Dialect, bool], bytes] = {}


class Published:
    """Holds the current snapshot and its texts. Safe to use from any thread.

    Publishing costs one assignment and never waits. A text is made when it is first asked for,
    once per snapshot, format and encoding, and by one thread at a time: parallel scrapers get the
    same bytes, and the cost of a scrape does not grow with their number.
    """

    def __init__(self) -> None:
        self._page = _Page(None)
        self._rendering = Lock()

    def publish(self, snapshot: Snapshot) -> None:
        """Make `snapshot` what is served from now on."""
        self._page = _Page(snapshot)

    @property
    def snapshot(self) -> Snapshot | None:
        """What is served; None before the first publication."""
        return self._page.snapshot

    def cached(self, dialect: Dialect, gzip: bool = False) -> bytes | None:
        """The text if it is there already, without waiting."""
        return self._page.bodies.get((dialect, gzip))

    def body(self, dialect: Dialect, gzip: bool = False) -> bytes | None:
        """The text, rendered if need be; None before the first publication."""
        if (ready := self.cached(dialect, gzip)) is not None:
            return ready
        with self._rendering:
            page = self._page  # after the wait: by now there may be a newer one, or its text
            if page.snapshot is None:
                return None
            if (ready := page.bodies.get((dialect, gzip))) is None:
                pieces = RENDERERS[dialect](page.snapshot)
                ready = b"".join(compressed(pieces) if gzip else pieces)
                page.bodies[dialect, gzip] = ready
            return ready
