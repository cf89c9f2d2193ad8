"""Windows against other times than the reference's: a week before, the same month of last year.

A reference of the summer says nothing of what is normal in winter. The counts of decided windows
are kept, of all versions together: those of eight days, to be met by the same hour a week later,
and sums by month for thirteen months. It is context beside the decision, and alarms nobody.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import numpy as np

from inference_exporter.decisions.evidence import psi
from inference_exporter.decisions.judgement import Judgement
from inference_exporter.values.batch import Floats

AGAINST = ("previous_week", "same_month_last_year")
LEAST_SECONDS = 3600.0  # shorter windows are not kept: there are too many in a week
_WEEK = 604_800.0
_MONTHS = 13
_ROOM = 86_400.0  # that windows are kept beyond the week


class _Kept(msgspec.Struct, array_like=True):
    identity: str
    windows: dict[int, bytes]  # by number
    months: dict[str, bytes]


@dataclass(slots=True)
class Earlier:
    """Counts (T, B) of one configured window of `seconds`; `identity` is that of their bins."""

    identity: str
    seconds: float
    windows: dict[int, Floats] = field(default_factory=dict)
    months: dict[str, Floats] = field(default_factory=dict)

    def distances(self, told: Judgement) -> Iterator[tuple[str, Floats]]:
        """PSI (T,) of a window against each of the other times; NaN where rows are too few."""
        live = told.blocks.sum(axis=1)
        begin = told.end - self.seconds
        weeks = _WEEK / self.seconds
        if weeks.is_integer():
            yield AGAINST[0], _distance(told, live, self.windows.get(told.number - int(weeks)))
        year, month = _month(begin)
        yield AGAINST[1], _distance(told, live, self.months.get(f"{year - 1}-{month:02d}"))

    def add(self, told: Judgement) -> None:
        """Keep the counts of a window."""
        live = told.blocks.sum(axis=1)
        year, month = _month(told.end - self.seconds)
        for kept, key in ((self.windows, told.number), (self.months, f"{year}-{month:02d}")):
            kept[key] = kept[key] + live if key in kept else live  # type: ignore[index]
        oldest = told.number - (_WEEK + _ROOM) / self.seconds
        self.windows = {number: one for number, one in self.windows.items() if number >= oldest}
        self.months = dict(sorted(self.months.items())[-_MONTHS:])

    def encode(self) -> bytes:
        """Everything that is kept."""
        windows = {number: one.astype("<f4").tobytes() for number, one in self.windows.items()}
        months = {name: one.astype("<f8").tobytes() for name, one in self.months.items()}
        return zlib.compress(msgspec.msgpack.encode(_Kept(self.identity, windows, months)), 1)

    def decode(self, data: bytes, shape: tuple[int, int]) -> bool:
        """Take up what was kept, of so many columns and cells; False if it is of other bins."""
        try:
            stored = msgspec.msgpack.decode(zlib.decompress(data), type=_Kept)
            if stored.identity != self.identity:
                return False
            self.windows = {
                number: np.frombuffer(raw, "<f4").reshape(shape).astype(np.float64)
                for number, raw in stored.windows.items()
            }
            self.months = {
                name: np.frombuffer(raw, "<f8").reshape(shape).copy()
                for name, raw in stored.months.items()
            }
        except (msgspec.MsgspecError, zlib.error, ValueError) as error:
            raise ValueError(f"damaged counts of earlier windows: {error}") from error
        return True


def _month(time: float) -> tuple[int, int]:
    moment = datetime.fromtimestamp(time, UTC)
    return moment.year, moment.month


def _distance(told: Judgement, live: Floats, known: Floats | None) -> Floats:
    if known is None:
        return np.full(len(live), np.nan)
    enough = np.minimum(live.sum(axis=1), known.sum(axis=1)) >= told.least
    return np.where(enough, psi(live, known, told.cells), np.nan)
