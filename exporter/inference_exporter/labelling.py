"""Late labels of all models, as the loop needs them: read, settle, commit, answer.

Labels are read after predictions, and not at all from a log whose model is behind with its own:
at the start after a pause, labels would else run ahead of the predictions they belong to.
"""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from inference_exporter.formats import Decoded
from inference_exporter.model import LateLabels, Model
from inference_exporter.sources import Source, SourceFacts
from inference_exporter.store import Store
from inference_exporter.telemetry import Telemetry
from inference_exporter.truth import Inbox

log = logging.getLogger("inference_exporter.labelling")

HURRY = 0.2  # seconds between commits while somebody waits for the answer to a POST
LOG_INTERVAL = 60.0
_ME = "inference_exporter_"


@dataclass(slots=True)
class Side:
    """A model that takes labels, and the log of labels if there is one."""

    model: Model
    source: Source | None
    resumed: bool = False
    logged: float = -math.inf

    @property
    def late(self) -> LateLabels | None:
        """What takes the labels."""
        return self.model.part(LateLabels)

    @property
    def name(self) -> str:
        """The name of the model's labels as a source."""
        return source_name(self.model.config.name)


def source_name(model: str) -> str:
    """What the label log of a model is called among the sources."""
    return f"{model}/labels"


class Labelling:
    """The labels of all models, for one loop."""

    def __init__(self, sides: Iterable[Side], telemetry: Telemetry, inbox: Inbox | None) -> None:
        self._sides = [side for side in sides if side.late is not None]
        self._telemetry, self._inbox = telemetry, inbox
        if inbox is not None:
            inbox.models = frozenset(side.model.config.name for side in self._sides)

    # -- reading -------------------------------------------------------------------------------

    def read(self, now: float, monotonic: float, behind: Collection[str]) -> set[str]:
        """One look at all labels; names of the models that got some."""
        got = self._take_submissions(now)
        for side in self._sides:
            name = side.model.config.name
            if side.source is None or name in behind or self.full:
                continue
            for block in side.source.poll(now, monotonic):
                self._lines(side, block.data, now, monotonic)
                got.add(name)
        return got

    def finish(self, now: float, monotonic: float) -> None:
        """Last lines of label logs, complete or not."""
        for side in self._sides:
            for block in side.source.finish() if side.source else ():
                self._lines(side, block.data, now, monotonic)

    def _lines(self, side: Side, block: bytes, now: float, monotonic: float) -> None:
        if side.late is not None:
            decoded = side.late.log(block, now)
            side.logged = count_labels(self._telemetry, side.name, decoded, side.logged, monotonic)

    def _take_submissions(self, now: float) -> set[str]:
        got = set()
        by_name = {side.model.config.name: side.late for side in self._sides}
        for submission in self._inbox.take() if self._inbox else ():
            for name, batch in submission.batches.items():
                late = by_name.get(name)
                if late is not None:  # else the model left with a reload meanwhile
                    late.submitted(batch, now)
                    got.add(name)
        return got

    @property
    def full(self) -> bool:
        """Whether to commit before more is read."""
        return any(side.late.join.full for side in self._sides if side.late)

    def hurries(self, since: float) -> bool:
        """Whether somebody waits for a commit, the last of which is that many seconds ago."""
        return self._inbox is not None and self._inbox.waiting and since >= HURRY

    # -- committing ----------------------------------------------------------------------------

    def settle(self, store: Store, now: float) -> set[str] | None:
        """Join and count; names of models with changes, None if the state cannot be read."""
        try:
            tables = store.tables if self._sides else None
            changed = {
                side.model.config.name for side in self._sides if side.model.settle(tables, now)
            }
        except sqlite3.Error as error:
            log.error("pending predictions cannot be read: %s", error)
            return None
        return changed

    def commit(self, store: Store, puts: dict[str, bytes], deletes: Iterable[str]) -> bool:
        """Commit everything, pending predictions in the same transaction; then answer."""
        for side in self._sides:
            if side.source is not None:
                puts[_key(side)] = side.source.checkpoint()
        persistent = store.commit(puts, deletes, self._write if self._sides else None)
        if persistent or store.volatile:
            for side in self._sides:
                if side.late is not None:
                    side.late.join.confirm()
        if self._inbox is not None:
            self._inbox.answer(persistent)
        return persistent

    def _write(self, connection: sqlite3.Connection) -> None:
        for side in self._sides:
            if side.late is not None:
                side.late.join.write(connection)

    def note(self) -> None:
        """Records that HTTP clients sent and that were not taken."""
        for reason, records in (self._inbox.take_refused() if self._inbox else {}).items():
            self._telemetry.inc(f"{_ME}label_records_refused_total", reason, by=records)

    # -- state ---------------------------------------------------------------------------------

    def restore(
        self, name: str, own: Mapping[str, bytes], state: Mapping[str, bytes], store: Store
    ) -> list[str]:
        """Take up the committed state of one model."""
        problems: list[str] = []
        for side in self._sides:
            if side.model.config.name != name or side.late is None:
                continue
            try:
                problems += side.late.restore_join(own, store.tables)
                if side.source is not None and _key(side) in state and not side.resumed:
                    side.source.restore(state[_key(side)])
            except (ValueError, sqlite3.Error) as error:
                problems.append(f"labels: {error}")
        return problems

    def facts(self) -> Iterator[tuple[str, SourceFacts]]:
        """What the logs of labels did since the last call."""
        for side in self._sides:
            if side.source is not None:
                yield side.name, side.source.take_facts()

    def close(self) -> None:
        """Close the logs of labels."""
        for side in self._sides:
            if side.source is not None:
                side.source.close()


def count_labels(
    tell: Telemetry, source: str, decoded: Decoded, logged: float, monotonic: float
) -> float:
    """Count lines of labels, and log a bad one now and then; when one was logged last."""
    for result, lines in decoded.results.items():
        tell.inc(f"{_ME}lines_total", source, result, by=lines)
    for name, values in decoded.invalid.items():
        tell.inc(f"{_ME}invalid_values_total", source, name, by=values)
    if decoded.bad_example and monotonic - logged >= LOG_INTERVAL:
        reason, excerpt = decoded.bad_example
        log.warning("%s: line not understood (%s): %s", source, reason, excerpt)
        return monotonic
    return logged


def _key(side: Side) -> str:
    return f"labels/{side.model.config.name}"
