"""Two predictions of one request, by two versions that are compared.

Both have the id of the request, so the challenger's waits under a key of its own: the id's with
some bits turned. A label of the request is the label of both, also of one that comes after it: it
takes the label that its partner has. A pair is told of once when its second prediction comes, and
once when both have their label; what says so is kept with the predictions that wait.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np

from inference_exporter.truth.columns import Columns
from inference_exporter.truth.labels import LabelRows
from inference_exporter.truth.waiting.pending import Found, Pending
from inference_exporter.truth.waiting.record import Records, is_labelled
from inference_exporter.values.batch import Batch, Bools, Ints
from inference_exporter.values.vocabulary import OVERFLOW

_TURNED = np.int64(0x2D358DCCAA6C78A5)  # any constant, which must never change: keys are on disk

Pair = tuple[Records, Records]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Predictions of the champion and of the challenger, row by row of the same request.

    `met` came together since the last time, `complete` got their label (one of them: the other
    had it). Each pair is in each of them once.
    """

    met: tuple[Batch, Batch] | None
    complete: tuple[Batch, Batch] | None


class Alone:
    """What there is to do where no versions are compared: nothing. See `Twins`."""

    def turned(self, keys: Ints, records: Records) -> Ints:  # noqa: ARG002
        """From ids to the keys that predictions wait under, and back."""
        return keys

    def partners(
        self, pending: Pending, connection: sqlite3.Connection | None, keys: Ints
    ) -> Found | None:
        """What waits under the other key of each of these; may raise what SQLite raises."""

    def meet(self, pending: Pending, keys: Ints, records: Records, waiting: Found) -> Records:  # noqa: ARG002
        """New predictions, and the partners of theirs that wait; records that got a label now.

        New records take the labels of their partners in place.
        """
        return records[:0]

    def labels(
        self, rows: LabelRows, found: Found, second: Found | None
    ) -> tuple[LabelRows, Ints, Records]:
        """Labels, places and records of all predictions that each label is about, by key."""
        assert second is None
        return rows[found.there], found.places[found.there], found.records[found.there]

    def take_labelled(self) -> list[Records]:
        """Records that took the label of their partner since the last time."""
        return []

    def take(self) -> Pairs | None:
        """Pairs since the last time; None if there are none."""


class Twins(Alone):
    """Keys and partners of the predictions of two versions."""

    def __init__(self, columns: Columns, champion: str, challenger: str) -> None:
        self._columns, self._names = columns, (champion, challenger)
        self._met: list[Pair] = []
        self._complete: list[Pair] = []
        self._labelled: list[Records] = []  # that took the label of their partner

    def _is(self, side: int, records: Records) -> Bools:
        names = self._columns.names["version"]
        code, beyond = names.codes([self._names[side], OVERFLOW]).tolist()
        found: Bools = (records["version"] == code) & (code != beyond)
        return found

    def turned(self, keys: Ints, records: Records) -> Ints:
        """See `Alone.turned`."""
        return np.where(self._is(1, records), keys ^ _TURNED, keys)

    def partners(
        self, pending: Pending, connection: sqlite3.Connection | None, keys: Ints
    ) -> Found:
        """See `Alone.partners`."""
        other = keys ^ _TURNED
        order = np.argsort(other)
        found = pending.find(connection, other[order])
        back = np.argsort(order)
        return Found(found.there[back], found.places[back], found.records[back])

    # -- new predictions -----------------------------------------------------------------------

    def meet(self, pending: Pending, keys: Ints, records: Records, waiting: Found) -> Records:
        """See `Alone.meet`."""
        order = np.argsort(keys)
        at = order[np.minimum(np.searchsorted(keys, keys ^ _TURNED, sorter=order), len(keys) - 1)]
        among = keys[at] == keys ^ _TURNED  # both have come just now
        theirs = np.where(among, records[at], waiting.records)
        have, labelled, known = among | waiting.there, is_labelled(records), is_labelled(theirs)
        take = have & ~labelled & known
        records["actual"][take] = theirs["actual"][take]
        given = self._give(pending, keys, records, waiting, waiting.there & labelled & ~known)
        theirs["actual"][have & labelled] = records["actual"][have & labelled]
        self._labelled += [records[take], given]
        new = self._is(1, records)
        once = waiting.there | (among & new)
        pair = (np.where(new, theirs, records)[once], np.where(new, records, theirs)[once])
        self._note(pair)
        return given

    def _give(
        self, pending: Pending, keys: Ints, records: Records, waiting: Found, give: Bools
    ) -> Records:
        """Labels of new predictions for those that wait."""
        given = waiting.records[give]
        given["actual"] = records["actual"][give]
        if len(given):
            own = keys[give] ^ _TURNED
            order = np.argsort(own)
            pending.replace(own[order], waiting.places[give][order], given[order])
        return given

    def _note(self, pair: Pair) -> None:
        ours = self._is(0, pair[0])
        pair = (pair[0][ours], pair[1][ours])
        labelled = is_labelled(pair[0]) & is_labelled(pair[1])
        self._met.append(pair)
        self._complete.append((pair[0][labelled], pair[1][labelled]))

    # -- labels --------------------------------------------------------------------------------

    def labels(
        self, rows: LabelRows, found: Found, second: Found | None
    ) -> tuple[LabelRows, Ints, Records]:
        """See `Alone.labels`."""
        assert second is not None
        both = found.there & second.there
        fresh = both & ~(is_labelled(found.records) & is_labelled(second.records))
        pair = (found.records[fresh], second.records[fresh])
        for records in pair:
            open_ = ~is_labelled(records)
            records["actual"][open_] = rows["actual"][fresh][open_]
        ours = self._is(0, pair[0])
        self._complete.append((pair[0][ours], pair[1][ours]))
        others = rows[second.there]
        others["key"] ^= _TURNED
        all_rows = np.concatenate((rows[found.there], others))
        order = np.argsort(all_rows["key"])
        places = np.concatenate((found.places[found.there], second.places[second.there]))
        records = np.concatenate((found.records[found.there], second.records[second.there]))
        return all_rows[order], places[order], records[order]

    # -- what is told --------------------------------------------------------------------------

    def take_labelled(self) -> list[Records]:
        """See `Alone.take_labelled`."""
        taken, self._labelled = self._labelled, []
        return taken

    def take(self) -> Pairs | None:
        """See `Alone.take`."""
        met, complete = self._batches(self._met), self._batches(self._complete)
        self._met, self._complete = [], []
        return Pairs(met, complete) if met or complete else None

    def _batches(self, pairs: list[Pair]) -> tuple[Batch, Batch] | None:
        if not any(len(one) for one, _ in pairs):
            return None
        one, other = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
        return self._columns.batch(one, None), self._columns.batch(other, None)
