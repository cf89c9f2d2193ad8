"""Predictions wait here for their labels; `settle` brings them together, once per commit.

Between two commits predictions and labels are only collected. `settle` looks everything up in
large sorted batches and returns the joined rows to be counted; `write` puts what changed into the
transaction of those counts. So a crash falls back to a state in which offsets, counts and pending
predictions agree: no pending prediction is lost and no label counts twice.

A prediction is remembered until `wait` has passed since it was read, labelled or not: that is how a
second label is known to be one. Bounds: `max_pending` predictions, `EARLY` labels whose prediction
has not come, `EVICTED` keys of predictions that were given up, `FULL` rows between two commits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from inference_exporter.config.schema import LabelsConfig
from inference_exporter.truth.columns import Columns
from inference_exporter.truth.labels import LABEL, LabelRows, delays, label_rows, one_per_key
from inference_exporter.truth.strays import Strays
from inference_exporter.truth.tallies import Counts
from inference_exporter.truth.twins import Alone, Pairs, Twins
from inference_exporter.truth.waiting.chunks import CHUNK
from inference_exporter.truth.waiting.pending import Pending
from inference_exporter.truth.waiting.record import (
    Codec,
    Names,
    Records,
    Schema,
    is_labelled,
    times_of,
)
from inference_exporter.truth.waiting.shelf import Shelf
from inference_exporter.truth.waiting.tables import Tables
from inference_exporter.values.batch import Batch, Bools, Floats, Ints
from inference_exporter.values.samples import Labels

FULL = 200_000
_AT_ONCE = 256 * CHUNK  # predictions evicted in one commit because of their age


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be counted: `joined` predictions with their label, and among those that a newer
    label replaced (`update: last`) what was counted for them before. `pairs` of versions are those
    that met, and those that have their label, since the last time.
    """

    joined: Batch | None = None
    retracted: Batch | None = None
    changed: bool = False
    pairs: Pairs | None = None


class Join:
    """The join of one model.

    Parameters
    ----------
    model
        Its name: tables are called after it.
    config
        The `labels:` section.
    schema
        What is kept of a prediction.
    limits
        Names kept per text column of the schema, and per `actual`.
    twins
        Champion and challenger, where both may score one request.
    """

    def __init__(
        self, model: str, config: LabelsConfig, schema: Schema, limits: Mapping[str, int],
        twins: tuple[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._config, self._model, self._schema, self._limits = config, model, schema, limits
        self._tables = Tables(model)
        self._counts = Counts(config.shared)
        self._columns = Columns(schema, limits)
        self._versions = twins
        self._twins = Twins(self._columns, *twins) if twins else Alone()
        self._use((), schema)
        self._strays = Strays(self._tables, schema)
        self._predictions: list[tuple[Ints, Records]] = []
        self._labels: list[LabelRows] = []
        self._staged = 0
        self.counts_changed = True

    def _use(self, known: tuple[Schema, ...], schema: Schema) -> None:
        schemas = known if schema in known else (*known, schema)
        self._columns.schemas_saved = schema in known
        self._codec = Codec(schemas, schemas.index(schema))
        self._pending = Pending(self._tables, self._codec, self._config.wait)

    def is_like(self, other: Join) -> bool:
        """Whether both are configured alike."""
        return self._made_of == other._made_of

    @property
    def _made_of(self) -> tuple[object, ...]:
        return self._model, self._config, self._schema, self._limits, self._versions

    @property
    def names(self) -> dict[str, Names]:
        """The names behind the codes of records, by column."""
        return self._columns.names

    @property
    def ranked(self) -> bool:
        """Whether a label is also an item of a ranking."""
        return self._schema.ranking

    # -- collecting ----------------------------------------------------------------------------

    @property
    def full(self) -> bool:
        """Whether it is time to settle, and commit, before more is read."""
        return self._staged >= FULL

    def empty_records(self, rows: int) -> Records:
        """Records to fill in for `expect`."""
        records: Records = np.zeros(rows, self._codec.dtype)
        records["schema"] = self._codec.number
        if self._schema.labels_are_numbers:
            records["actual"] = np.nan
        return records

    def expect(self, keys: Ints, records: Records, *, without_id: int = 0) -> None:
        """Predictions that wait for a label from now on, or have theirs already."""
        self._count("ignored", "no_id", by=without_id)
        if len(keys):
            self._predictions.append((self._twins.turned(keys, records), records))
            self._staged += len(keys)

    def label(self, keys: Ints, actual: Floats, time: Floats | None, arrived: float) -> None:
        """Labels that arrived; `actual` as in `LabelRows`."""
        if len(keys):
            self._labels.append(label_rows(keys, actual, time, arrived))
            self._staged += 2 * len(keys)  # joined rows take more memory than new ones

    def problems(self, reasons: Mapping[str, int], *, invalid: int = 0) -> None:
        """Labels that are odd, by reason, and how many of them cannot be used."""
        for reason, labels in reasons.items():
            self._count("problem", reason, by=labels)
        self._count("label", "", "invalid", by=invalid)

    def _count(self, *key: str, by: float) -> None:
        if by:
            self._counts.add(*key, by=by)
            self.counts_changed = True

    # -- settling ------------------------------------------------------------------------------

    def settle(self, connection: sqlite3.Connection | None, now: float) -> Settled:
        """Bring together what was collected since the last call.

        If SQLite raises, nothing is lost in memory; the caller must not commit until it succeeds.
        """
        if connection is not None and not self._tables.exist(connection):
            connection = None
        before = self.counts_changed
        self.counts_changed = False
        labels = self._remember(connection, now)
        settled = self._apply(labels, connection)
        self._give_up(connection, now)
        changed = bool(settled.joined or settled.retracted or self.counts_changed or self._staged)
        self._staged = 0
        self.counts_changed = changed or before
        return replace(settled, changed=self.counts_changed, pairs=self._twins.take())

    def _remember(self, connection: sqlite3.Connection | None, now: float) -> LabelRows:
        """Take up new predictions; returns the labels that can be looked up now."""
        staged = np.concatenate([*self._labels, np.zeros(0, np.dtype(LABEL))])
        if not self._predictions:
            return staged
        keys = np.concatenate([keys for keys, _ in self._predictions])
        records = np.concatenate([records for _, records in self._predictions])
        unique, first = np.unique(keys, return_index=True)
        known = self._pending.has(connection, unique)
        room = self._room(connection, len(unique) - int(known.sum()))
        new = np.sort(first[~known])[:room]  # in order of arrival
        partners = self._twins.partners(self._pending, connection, keys[new])
        self._predictions = []  # looked up: from here on nothing can fail
        self._count("ignored", "duplicate_id", by=len(keys) - int((~known).sum()))
        self._count("evicted", "unwritten", by=int((~known).sum()) - len(new))
        if len(new) < len(keys):  # mostly all are new, and need no copy
            keys, records = keys[new], records[new]
        if partners is not None:
            self._note_labelled(self._twins.meet(self._pending, keys, records, partners))
        self._pending.add(keys, records, now)
        self._note_waiting(records)
        called = self._strays.early.call(
            np.sort(self._twins.turned(keys, records))
        )  # before the others
        labels = np.concatenate((called, staged)) if len(called) else staged
        self._labels = [labels]
        return labels

    def _room(self, connection: sqlite3.Connection | None, wanted: int) -> int:
        """How many predictions may be kept in memory: all, unless commits keep failing."""
        on_disk = connection is not None and self._pending.size > self._pending.new
        return max(0, 3 * FULL - self._pending.unwritten) if on_disk else wanted

    def _note_waiting(self, records: Records) -> None:
        labelled = is_labelled(records)
        for version, count in self._columns.by_version(records).items():
            self._counts.add_awaiting(version, 0)
            self._counts.add_awaiting(version, count)
        self._note_labelled(records[labelled])

    def _note_labelled(self, records: Records) -> None:
        for version, count in self._columns.by_version(records).items():
            self._count("label", version, "matched", by=count)
            self._counts.add_awaiting(version, -count)

    def _apply(self, labels: LabelRows, connection: sqlite3.Connection | None) -> Settled:
        if not len(labels):
            return Settled(self._columns.joined(self._twins.take_labelled()))
        last = self._config.update == "last"
        chosen = one_per_key(labels, last=last)
        rows = chosen.rows
        keys = np.ascontiguousarray(rows["key"])
        found = self._pending.find(connection, keys)
        partners = self._twins.partners(self._pending, connection, keys)
        self._labels = []
        self._count("label", "", "duplicate", by=chosen.repeated)
        self._count("problem", "conflict", by=chosen.conflicts)
        there = found.there if partners is None else found.there | partners.there
        if not there.all():
            self._strays.take_in(rows[~there], self._counts, last=last)
            self.counts_changed = True
        rows, places, records = self._twins.labels(rows, found, partners)
        labelled = is_labelled(records)
        otherwise = labelled & (records["actual"] != rows["actual"])
        self._count("problem", "conflict", by=int(otherwise.sum()))
        for result, mask in (("matched", ~labelled), ("duplicate", labelled)):
            for version, count in self._columns.by_version(records[mask]).items():
                self._count("label", version, result, by=count)
                if result == "matched":
                    self._counts.add_awaiting(version, -count)
        return self._joined(rows, places, records, ~labelled, otherwise & last)

    def _joined(
        self, rows: LabelRows, places: Ints, records: Records, fresh: Bools, replaced: Bools
    ) -> Settled:
        elapsed, skewed = delays(rows[fresh], times_of(records[fresh]))
        self._count("problem", "clock_skew", by=skewed)
        delay = np.full(len(rows), np.nan)
        delay[fresh] = elapsed
        counted = fresh | replaced
        if not counted.any():
            return Settled(self._columns.joined(self._twins.take_labelled()))
        retracted = self._columns.batch(records[replaced], None) if replaced.any() else None
        records = records[counted]
        records["actual"] = rows["actual"][counted]
        keys = np.ascontiguousarray(rows["key"][counted])
        self._pending.replace(keys, places[counted], records)
        all_records = [records, *self._twins.take_labelled()]
        joined = self._columns.joined(all_records, delay[counted], replaced[counted])
        return Settled(joined, retracted)

    # -- giving up -----------------------------------------------------------------------------

    def _give_up(self, connection: sqlite3.Connection | None, now: float) -> None:
        evicted = 0
        while (chunk := self._pending.first) is not None:
            if self._pending.size > self._config.max_pending:
                reason = "capacity"
            elif chunk.arrived < now - self._config.wait and evicted < _AT_ONCE:
                reason = "expired"
            else:
                break
            evicted += chunk.count
            self._evict(*self._pending.give_up_first(connection), reason)
        self._forget(self._strays.early.forget(now - self._config.ahead))

    def close_books(self) -> None:
        """No more predictions will come: labels that wait for theirs found none."""
        self._forget(self._strays.early.forget_all())

    def _forget(self, labels: int) -> None:
        if labels:
            self._counts.given_up(labels)
            self.counts_changed = True

    def _evict(self, keys: Ints, records: Records, reason: str) -> None:
        waiting = ~is_labelled(records)
        for version, count in self._columns.by_version(records[waiting]).items():
            self._counts.add_awaiting(version, -count)
        self._count("evicted", reason, by=int(waiting.sum()))
        self._strays.give_up(self._twins.turned(keys, records)[waiting])
        self.counts_changed = True

    # -- state ---------------------------------------------------------------------------------

    @property
    def _kept(self) -> tuple[Pending, Shelf, Shelf]:
        return self._pending, self._strays.early.shelf, self._strays.evicted

    def write(self, connection: sqlite3.Connection) -> None:
        """What changed since the last confirmed commit; part of the caller's transaction."""
        self._tables.create(connection)
        for part in self._kept:
            part.write(connection)

    def confirm(self) -> None:
        """What was written is on disk."""
        for part in self._kept:
            part.confirm()

    def take_changes(self) -> dict[str, bytes]:
        """Counts and names, to be committed as keys together with `write`."""
        puts = {}
        if self.counts_changed:
            puts[_COUNTS] = self._counts.to_bytes()
            self.counts_changed = False
        names = self._columns.take_changes(self._codec.schemas)
        if names is not None:
            puts[_NAMES] = names
        return puts

    def restore(
        self, state: Mapping[str, bytes], connection: sqlite3.Connection | None
    ) -> list[str]:
        """Take up committed state; returns what could not be used, in sentences."""
        try:
            if _COUNTS in state:
                self._counts.restore(state[_COUNTS])
            if _NAMES in state:
                self._use(self._columns.restore(state[_NAMES]), self._schema)
        except (ValueError, msgspec.MsgspecError) as error:
            return [f"labels: {error}"]
        if connection is not None and self._tables.exist(connection):
            for part in self._kept:
                part.restore(connection)
        return []

    def samples(self) -> dict[str, dict[Labels, float]]:
        """Counters and gauges by family."""
        values = self._counts.samples(self._model)
        early: dict[Labels, float] = {(self._model,): float(len(self._strays.early))}
        return {**values, "inference_labels_awaiting_prediction": early}


_COUNTS, _NAMES = "truth/counts", "truth/names"
