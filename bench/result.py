"""What a measurement gives back: tables of text for people, raw numbers for programs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """How large everything is, and the folder for what is made on the way."""

    folder: Path
    quick: bool = False

    def size(self, full: int, quick: int) -> int:
        """A size for the real measurement, and one for trying it out."""
        return quick if self.quick else full

    def subfolder(self, name: str) -> Path:
        """A folder of its own for a part of a measurement."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        return folder


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is printed."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What was asked for, and what came out."""

    what: str
    wanted: str
    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement. `method` is Markdown; `runs` says how often what was measured."""

    name: str
    title: str
    method: str
    runs: str
    tables: tuple[Table, ...]
    targets: tuple[Target, ...] = ()
    raw: Mapping[str, object] = field(default_factory=dict)
    took: float = 0.0  # seconds, all in all


class Spread:
    """Several runs of the same thing.

    >>> Spread([3.0, 1.0, 2.0]).text()
    '2.00 (1.00–3.00)'
    """

    def __init__(self, values: Iterable[float]) -> None:
        self.values = tuple(values)
        self.median = statistics.median(self.values)
        self.low, self.high = min(self.values), max(self.values)

    def text(self, unit: str = "", factor: float = 1.0) -> str:
        """Median, least and greatest; in another unit by way of `factor`."""
        median, low, high = (number(one * factor) for one in (self.median, self.low, self.high))
        space = " " if unit else ""
        return f"{median} ({low}–{high}){space}{unit}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, round(share * len(ordered)) - 1)]


def number(value: float) -> str:
    """Three digits that matter, thousands separated.

    >>> [number(v) for v in (0.0, 0.01234, 1.5, 123.4, 1234567.0)]
    ['0', '0.0123', '1.50', '123', '1,230,000']
    """
    if value == 0:
        return "0"
    if abs(value) < 100:
        digits = 2 - next(
            power for power in range(1, -7, -1) if abs(value) >= 10**power or power < -5
        )
        return f"{value:.{digits}f}"
    whole = f"{abs(value):.0f}"
    rounded = round(value, 3 - len(whole))
    return f"{rounded:,.0f}"


def say(text: str) -> None:
    """Progress, at once."""
    print(f"  {text}", flush=True)
