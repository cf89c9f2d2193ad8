"""What is counted of one version, minute by minute, and what was found in it."""

from __future__ import annotations

import zlib

import msgspec
import numpy as np

from inference_exporter.accumulators.cell_table import Cells
from inference_exporter.broken.verdict import FEW_ROWS, KINDS, LOOKS, Known, judge
from inference_exporter.values.batch import Bools, Floats

HOUR = 60  # minutes
SETTLED = 1.0  # minutes, after which rows a minute tell that a batch has begun
PACED = 2  # minutes with rows, at least, that tell it: the one in which a batch ends has few
STEADY = 20.0  # rows in the hour before, at least, that tell how traffic was
FACTOR = 4.0  # between the most rows of a minute now, and those of a usual minute then, at most


def _minutes(seconds: float) -> float:
    return max(seconds, 1.0) / 60.0


def _held(since: Floats, now: float) -> Floats:
    return np.where(np.isnan(since), now, since)


class _Verdicts(msgspec.Struct, array_like=True):
    identity: str
    broken: bytes
    share: bytes
    since: bytes
    rows: dict[int, float]
    began: dict[int, float]
    suspected: bytes = b""  # state of before there was this has none


class _Minute(msgspec.Struct, array_like=True):
    identity: str
    cells: bytes


class Minutes:
    """Counts (2, T, M) by minute since the epoch: equal rows once in ten seconds, and once an hour.

    `broken` (T, kinds) is the verdict, `share` the share of rows behind it, `since` the minute from
    which on it would have been broken if traffic had gone on, `suspected` the one from which on
    nearly all rows have had it, though they may have been too few to be sure; `rows` all rows by
    minute, `began` the time of the first of them. `per_month` false alarms are allowed.
    """

    def __init__(self, cells: Cells, per_month: float) -> None:
        self._cells, self._known = cells, Known(cells, per_month)
        self.counts: dict[int, Floats] = {}
        self.rows: dict[int, float] = {}
        self.began: dict[int, float] = {}
        shape = (cells.shape[0], len(KINDS))
        self.broken: Bools = np.zeros(shape, dtype=np.bool_)
        self.share: Floats = np.zeros(shape)
        self.since: Floats = np.full(shape, np.nan)
        self.suspected: Floats = np.full(shape, np.nan)

    def add(self, minute: int, spaced: Floats, single: Floats, rows: float, first: float) -> None:
        """Count rows of a minute, of which the first was at that time."""
        found = self.counts.get(minute)
        if found is None:
            found = np.zeros((2, *self._cells.shape), dtype=np.float32)
            self.counts[minute] = found
        found[0] += spaced
        found[1] += single
        self.rows[minute] = self.rows.get(minute, 0.0) + rows
        self.began[minute] = min(self.began.get(minute, first), first)

    def advance(self, clock: float) -> set[int]:
        """Judge at this time; the minutes whose counts are not needed any more, forgotten."""
        minute = int(clock // 60.0)
        gone = {one for one in self.counts if one <= minute - max(LOOKS)}
        for one in gone:
            del self.counts[one]
            self.began.pop(one, None)
        last = minute - 2 * HOUR - max(LOOKS)
        self.rows = {one: rows for one, rows in self.rows.items() if one > last}
        self._judge(clock, minute)
        return gone

    def _judge(self, clock: float, minute: int) -> None:
        """What any of the looks finds is so, and is over once the longest clearly does not."""
        look = judge(self._known, *self._counted(minute))
        found = look.foreign.any(axis=0)
        ordinary = look.ordinary.any(axis=0)
        now = clock / 60.0
        self.since = np.where(ordinary, _held(self.since, now), self.since)
        suspected = look.suspected.any(axis=0)
        self.suspected = np.where(suspected, _held(self.suspected, now), np.nan)
        if ordinary.any():
            settled, lasts = now - self.suspected >= SETTLED, now - self.since >= HOUR
            for length, one in zip(LOOKS, look.ordinary, strict=True):
                first = minute - max(length, PACED)
                goes_on = self._goes_on(first, minute, clock) & settled
                found |= one & (lasts | goes_on)
        clear = look.clear[-1]
        self.share = np.where(look.rows[-1] > 0, look.share[-1], self.share)
        self.since = np.where(clear & ~ordinary, np.nan, self.since)
        self.broken = found | (self.broken & ~clear)

    def _counted(self, minute: int) -> tuple[Floats, Floats]:
        """Counts (looks, T, M) of equal rows once in ten seconds, and once an hour."""
        table = np.zeros((2, len(LOOKS), *self._cells.shape))
        for one, counts in self.counts.items():
            age = minute - one
            if 0 <= age < max(LOOKS):
                first = next(at for at, length in enumerate(LOOKS) if age < length)
                table[:, first:] += counts[:, None]  # a longer look has all of a shorter one
        return table[0], table[1]

    def _goes_on(self, first: int, minute: int, clock: float) -> Bools:
        """Whether rows come about as they did in the hour before it began (T, kinds)."""
        goes_on: Bools = np.zeros(self.broken.shape, dtype=np.bool_)
        pace = self._pace(first, minute, clock)
        for begin in np.unique(self.since[~np.isnan(self.since)]).tolist():
            last = begin - max(LOOKS)
            before = [n for one, n in self.rows.items() if last - HOUR < one <= last]
            if sum(before) >= STEADY:
                # the median, which a client that retries hardly moves
                usual = float(np.median(before))
                ratio = pace / usual
                if 1.0 / FACTOR <= ratio <= FACTOR:
                    goes_on |= (self.since == begin) & self._ran_as_usual(minute, usual)
        return goes_on

    def _ran_as_usual(self, minute: int, usual: float) -> Bools:
        """Whether rows came as usual after the last minute that was too fast for it (T, kinds).

        Where a batch ends, its last minute has about as many rows as traffic has, and in a pause
        there are no others. Only minutes since the suspicion began: a batch that it is about.
        """
        usually: Bools = np.ones(self.broken.shape, dtype=np.bool_)
        for begin in np.unique(self.suspected[~np.isnan(self.suspected)]).tolist():
            since = {one: n for one, n in self.rows.items() if begin - 1.0 < one <= minute and n}
            fast = max((one for one, n in since.items() if n > FACTOR * usual), default=None)
            if fast is not None and sum(one > fast for one in since) < PACED:
                usually &= self.suspected != begin
        return usually

    def _pace(self, first: int, minute: int, clock: float) -> float:
        """Rows a minute: the most of one, or since the first of these or of the last one."""
        now = {one: n for one, n in self.rows.items() if first < one <= minute}
        began = min((when for one, when in self.began.items() if one in now), default=clock)
        paces = [*now.values(), sum(now.values()) / _minutes(clock - began)]
        for one, n in now.items():
            if n >= FEW_ROWS and one in self.began:
                end = min(clock, 60.0 * (one + 1))
                paces.append(n / _minutes(end - self.began[one]))
        return max(paces)

    @property
    def newest(self) -> int:
        """The last minute with rows that is known of; 0 without any."""
        return max(self.rows, default=0)

    # -- state ----------------------------------------------------------------------------------

    def encode_minute(self, minute: int) -> bytes:
        """Counts of a minute as bytes."""
        raw = zlib.compress(self.counts[minute].astype("<f4").tobytes(), 1)
        return msgspec.msgpack.encode(_Minute(self._cells.identity, raw))

    def decode_minute(self, minute: int, data: bytes) -> bool:
        """Take up counts; False if they are of other cells. ValueError if damaged."""
        try:
            stored = msgspec.msgpack.decode(data, type=_Minute)
            if stored.identity != self._cells.identity:
                return False
            raw = np.frombuffer(zlib.decompress(stored.cells), dtype="<f4")
            self.counts[minute] = raw.reshape(2, *self._cells.shape).copy()
        except (msgspec.MsgspecError, zlib.error) as error:
            raise ValueError(f"damaged counts: {error}") from error
        return True

    def encode(self) -> bytes:
        """Verdicts as bytes."""
        return msgspec.msgpack.encode(
            _Verdicts(
                self._cells.identity, self.broken.tobytes(), self.share.tobytes(),
                self.since.tobytes(), self.rows, self.began, self.suspected.tobytes(),
            )
        )  # fmt: skip

    def decode(self, data: bytes) -> bool:
        """Take up verdicts; False if they are of other cells. ValueError if damaged."""
        shape = self.broken.shape
        try:
            stored = msgspec.msgpack.decode(data, type=_Verdicts)
            if stored.identity != self._cells.identity:
                return False
            broken = np.frombuffer(stored.broken, dtype=np.bool_).reshape(shape)
            share = np.frombuffer(stored.share).reshape(shape)
            since = np.frombuffer(stored.since).reshape(shape)
            suspected = np.frombuffer(stored.suspected or stored.since).reshape(shape)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ValueError(f"damaged verdicts: {error}") from error
        self.broken, self.share, self.since, self.suspected = broken, share, since, suspected
        self.rows, self.began = stored.rows, stored.began
        return True
