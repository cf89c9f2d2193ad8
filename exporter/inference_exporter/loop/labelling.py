"""Late labels of all models, as the loop needs them: take what is posted, settle, commit, answer.

Logs of labels are read by channels, like all lines; here is what has no counterpart for
predictions: labels from HTTP clients, and the join's part of a commit.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping

from inference_exporter.loop.feed import Feed
from inference_exporter.loop.store import Store
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.model import LateLabels
from inference_exporter.truth import Inbox

log = logging.getLogger("inference_exporter.labelling")

HURRY = 0.2  # seconds between commits while somebody waits for the answer to a POST
_ME = "inference_exporter_"


class Labelling:
    """The labels of all models, for one loop."""

    def __init__(self, feeds: Iterable[Feed], telemetry: Telemetry, inbox: Inbox | None) -> None:
        self._feeds = list(feeds)
        found = ((feed, feed.model.part(LateLabels)) for feed in self._feeds)
        self._late = {feed.name: (feed, late) for feed, late in found if late is not None}
        self._telemetry, self._inbox = telemetry, inbox
        if inbox is not None:
            inbox.models = frozenset(self._late)

    def take_submissions(self, now: float) -> bool:
        """Labels from HTTP clients; whether there were any."""
        got = False
        for submission in self._inbox.take() if self._inbox else ():
            for name, batch in submission.batches.items():
                if name in self._late:  # else the model left with a reload meanwhile
                    feed, late = self._late[name]
                    late.submitted(batch, now)
                    feed.dirty = got = True
        return got

    @property
    def full(self) -> bool:
        """Whether to commit before more is read."""
        return any(late.join.full for _, late in self._late.values())

    def hurries(self, since: float) -> bool:
        """Whether somebody waits for a commit, the last of which is that many seconds ago."""
        return self._inbox is not None and self._inbox.waiting and since >= HURRY

    def settle(self, store: Store, now: float) -> bool:
        """Join and count; False if the state cannot be read."""
        try:
            tables = store.tables if self._late else None
            for feed in self._feeds:
                feed.dirty = feed.model.settle(tables, now) or feed.dirty
        except sqlite3.Error as error:
            log.error("pending predictions cannot be read: %s", error)
            return False
        return True

    def close_books(self) -> None:
        """The logs have ended: labels whose prediction did not come are unmatched."""
        for _, late in self._late.values():
            late.join.close_books()

    def commit(self, store: Store, puts: Mapping[str, bytes], deletes: Iterable[str]) -> bool:
        """Commit everything, pending predictions in the same transaction; then answer."""
        persistent = store.commit(puts, deletes, self._write if self._late else None)
        if persistent or store.volatile:
            for _, late in self._late.values():
                late.join.confirm()
        if self._inbox is not None:
            self._inbox.answer(persistent)
        return persistent

    def _write(self, connection: sqlite3.Connection) -> None:
        for _, late in self._late.values():
            late.join.write(connection)

    def note(self) -> None:
        """Records that HTTP clients sent and that were not taken."""
        for reason, records in (self._inbox.take_refused() if self._inbox else {}).items():
            self._telemetry.inc(f"{_ME}label_records_refused_total", reason, by=records)

    def restore(self, name: str, own: Mapping[str, bytes], store: Store) -> list[str]:
        """Take up what was committed of one model's join."""
        if name not in self._late:
            return []
        try:
            return self._late[name][1].restore_join(own, store.tables)
        except (ValueError, sqlite3.Error) as error:
            return [f"labels: {error}"]
