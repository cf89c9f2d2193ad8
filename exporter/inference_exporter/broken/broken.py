"""Gross breakage of the features of one model: counts in, states out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from inference_exporter.accumulators import CategoryBins, Groups, Layout, NumericBins
from inference_exporter.accumulators.cell_table import Cells
from inference_exporter.broken.minutes import HOUR, Minutes
from inference_exporter.broken.verdict import KINDS, LOOKS
from inference_exporter.repeats import inputs_of
from inference_exporter.values.batch import Batch, Bools, Floats, Ints
from inference_exporter.values.kept_state import restored

PREFIX = "broken/"
Group = tuple[str, int]  # version, minute since the epoch
Found = tuple[str, str, str, bool, float]  # version, feature, kind, broken, share of rows


class Broken:
    """Which features of a model are broken, by version; `layout` is that of the model."""

    def __init__(self, layout: Layout, per_month: float) -> None:
        bins = [
            one for one in layout.dense
            if isinstance(one, NumericBins | CategoryBins) and one.scope == "feature"
        ]  # fmt: skip
        self._layout, self._per_month = Layout(bins, ()), per_month
        self._own = Cells(bins, self._layout.slices)
        self._theirs = Cells(bins, layout.slices)
        self.versions: dict[str, Minutes] = {}
        self._changed: set[Group] = set()
        self._moved: set[str] = set()
        self._deleted: set[str] = set()

    @property
    def names(self) -> list[str]:
        """The features that are watched."""
        return self._own.names

    # -- counts ---------------------------------------------------------------------------------

    def counted(self, batch: Batch, groups: Groups) -> Floats:
        """Counts (groups, T, M) of rows, for who has no others."""
        return self._own.table(self._layout.count(batch, groups).dense)

    def of(self, dense: Floats) -> Floats:
        """Counts (groups, T, M) in cells of tallies of the model."""
        return self._theirs.table(dense)

    def add(
        self,
        batch: Batch,
        times: Floats,
        index: Ints,
        groups: Sequence[Group | None],
        every: Floats,
        again: tuple[Bools, Bools],
    ) -> None:
        """Count rows.

        Parameters
        ----------
        batch, times, index, groups
            Rows, when they were, the group of each, and what groups are; None: not to be counted.
        every
            Counts (groups, T, M) of all of them.
        again
            Rows that repeat others of the last ten seconds, and of the last hour.
        """
        sizes = np.bincount(index, minlength=len(groups)).tolist()
        spaced, single = (every - self._repeated(batch, index, len(groups), one) for one in again)
        for at, group in enumerate(groups):
            if group is not None and self.names:
                version, minute = group
                kept = self.versions.setdefault(version, Minutes(self._own, self._per_month))
                first = float(times[index == at].min())
                kept.add(minute, spaced[at], single[at], sizes[at], first)
                self._changed.add(group)
                self._moved.add(version)

    def _repeated(self, batch: Batch, index: Ints, count: int, again: Bools) -> Floats:
        rows = np.flatnonzero(again)
        if not len(rows) or not self.names:
            return np.zeros((count, *self._own.shape))
        return self.counted(inputs_of(batch, rows), Groups(index[rows], count))

    # -- verdicts -------------------------------------------------------------------------------

    def advance(self, now: float) -> None:
        """Judge the minutes before `now`."""
        minute = int(now // 60.0)
        for version, kept in list(self.versions.items()):
            before = kept.broken
            gone = kept.advance(now)
            self._changed -= {(version, one) for one in gone}
            self._deleted |= {_key(version, one) for one in gone}
            if not kept.rows or kept.newest <= minute - HOUR:
                self._forget(version)
            elif gone or (kept.broken != before).any():
                self._moved.add(version)

    def _forget(self, version: str) -> None:
        """A version without traffic for an hour: nothing is known of it."""
        kept = self.versions.pop(version)
        self._changed -= {(version, one) for one in kept.counts}
        self._moved.discard(version)
        self._deleted |= {_key(version), *(_key(version, one) for one in kept.counts)}

    def found(self) -> Iterator[Found]:
        """The verdict on every version, feature and kind of breakage."""
        for version, kept in self.versions.items():
            for at, name in enumerate(self.names):
                for kind, word in enumerate(KINDS):
                    broken = bool(kept.broken[at, kind])
                    yield version, name, word, broken, float(kept.share[at, kind])

    # -- state ----------------------------------------------------------------------------------

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """Keys to write and keys to delete since the last call."""
        puts = {
            _key(version, minute): self.versions[version].encode_minute(minute)
            for version, minute in self._changed
        }
        puts |= {_key(version): self.versions[version].encode() for version in self._moved}
        deletes, self._deleted = self._deleted - puts.keys(), set()
        self._changed.clear()
        self._moved.clear()
        return puts, deletes

    def abandon(self) -> set[str]:
        """The keys of everything that is kept: for who takes the place."""
        minutes = {_key(v, one) for v, kept in self.versions.items() for one in kept.counts}
        return {_key(version) for version in self.versions} | minutes | self._deleted

    def forget(self, keys: set[str]) -> None:
        """Have these keys deleted at the next commit."""
        self._deleted |= keys

    def restore(self, state: Mapping[str, bytes]) -> list[str]:
        """Take up committed state; returns a sentence for each value that could not be used."""
        problems, unusable = restored(state, PREFIX, self._restore)
        self.forget(unusable)
        return problems

    def _restore(self, key: str, value: bytes) -> bool:
        """Whether it was taken up: a minute of other bins is not."""
        version, *minute = msgspec.json.decode(key.removeprefix(PREFIX), type=list[str])
        kept = self.versions.get(version) or Minutes(self._own, self._per_month)
        taken = kept.decode_minute(int(minute[0]), value) if minute else kept.decode(value)
        if taken:
            self.versions[version] = kept
        return taken


def recent(minute: int, now: float) -> bool:
    """Whether rows of a minute still count at `now`."""
    return minute > now // 60.0 - max(LOOKS)


def _key(version: str, *minute: int) -> str:
    return PREFIX + msgspec.json.encode((version, *map(str, minute))).decode()
