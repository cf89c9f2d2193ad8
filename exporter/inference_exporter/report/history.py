"""The record, gone through once: what was decided, by version, window, input, and time.

Nothing here grows with the length of the record but the numbers of windows that were decided on.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from inference_exporter.decisions.evidence import psi
from inference_exporter.record import Decided, Verdict
from inference_exporter.record.again import agrees

CELLS = 300  # stretches of time in which a chart tells states apart
MOST_ONSETS = 500
NEW_HOURS = "hours without reference"
WHYS = ("too few rows", "rows resemble each other", NEW_HOURS)
LASTING = 3 * 86400.0  # what ended sooner may have been chance, or came and went
_RANK: tuple[Verdict, ...] = ("undecided", "ok", "drifted")


@dataclass(slots=True)
class Subject:
    """One input or output in one kind of window, against one reference.

    `live` are rows by bin of all windows together, `expected` what the reference lets expect of as
    many rows at their hours; `worst` is the decision with the largest distance, `last` the newest.
    `cells` are states by stretch of the period.
    """

    live: np.ndarray
    expected: np.ndarray
    worst: Decided
    last: Decided
    verdicts: Counter[str] = field(default_factory=Counter)
    onsets: int = 0
    cells: dict[int, Verdict] = field(default_factory=dict)

    @property
    def distance(self) -> float:
        """The PSI of all windows together."""
        cells, worth = np.array([float(len(self.live))]), float(sum(self.last.expected))
        known = self.expected * worth / max(float(self.expected.sum()), 1e-300)
        return float(psi(self.live[None], known[None], cells)[0])


@dataclass(slots=True)
class Stretch:
    """Windows of one length, of one version: their ends, by whether anything was decided.

    `rows` are by end of window; `transient` are drifts that ended within three days, `open` those
    that had neither ended nor lasted when the period did. `why` are decisions that were none.
    """

    seconds: float
    rows: dict[float, float] = field(default_factory=dict)
    decided: set[float] = field(default_factory=set)
    onsets: int = 0
    transient: int = 0
    lasting: int = 0
    why: Counter[str] = field(default_factory=Counter)

    @property
    def windows(self) -> int:
        """All windows between the first and the last that had rows."""
        return round((max(self.rows) - min(self.rows)) / self.seconds) + 1

    @property
    def open(self) -> int:
        """Drifts of which it is not known yet."""
        return self.onsets - self.transient - self.lasting


Key = tuple[str, str, str, str, str]  # version, window, scope, name, reference


class History:
    """One model's part of the record in a period of epoch seconds."""

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, end
        self.lines = self.differ = 0
        self.first, self.last = np.inf, -np.inf
        self.subjects: dict[Key, Subject] = {}
        self.stretches: dict[tuple[str, str], Stretch] = {}
        self.onsets: list[Decided] = []
        self.references: dict[str, tuple[float, float]] = {}
        self._since: dict[tuple[str, str, str, str], float] = {}  # drifts that have not ended

    @classmethod
    def of(cls, lines: Iterable[Decided], start: float, end: float) -> dict[str, History]:
        """The histories of all models in these lines."""
        found: dict[str, History] = {}
        for line in lines:
            if line.model not in found:
                found[line.model] = cls(start, end)
            found[line.model].add(line)
        return found

    def add(self, line: Decided) -> None:
        """One more decision."""
        end = line.end.timestamp()
        self.lines += 1
        self.differ += not agrees(line)
        self.first, self.last = min(self.first, line.start.timestamp()), max(self.last, end)
        known = self.references.get(line.reference, (end, end))
        self.references[line.reference] = (min(known[0], end), max(known[1], end))
        self._add_subject(line, end)
        self._add_stretch(line, end)
        if line.onset:
            self.onsets.append(line)

    def _add_subject(self, line: Decided, end: float) -> None:
        key = (line.version, line.window, line.scope, line.name, line.reference)
        one = self.subjects.get(key)
        if one is None:
            none = np.zeros(len(line.live))
            one = self.subjects[key] = Subject(none, none, line, line)
        known = np.array(line.expected, dtype=np.float64)
        one.live = one.live + np.array(line.live, dtype=np.float64)
        one.expected = one.expected + known * line.rows / max(float(known.sum()), 1e-300)
        one.last = line
        one.worst = max(one.worst, line, key=_farness)
        one.verdicts[line.verdict] += 1
        one.onsets += line.onset
        cell = self.cell(end, end - line.start.timestamp())
        before: Verdict = one.cells.get(cell, "undecided")
        one.cells[cell] = max(before, line.verdict, key=_RANK.index)

    def step(self, seconds: float) -> float:
        """How long the stretches are in which windows of this length are shown."""
        return max(seconds, (self.end - self.start) / CELLS, 1.0)

    def cell(self, end: float, seconds: float) -> int:
        """The stretch of the period in which a window of this length ended."""
        return max(0, math.ceil((end - self.start) / self.step(seconds)) - 1)

    def begins(self, cell: int, seconds: float) -> float:
        """When a stretch begins."""
        return self.start + cell * self.step(seconds)

    def _add_stretch(self, line: Decided, end: float) -> None:
        key = (line.version, line.window)
        one = self.stretches.get(key)
        if one is None:
            seconds = end - line.start.timestamp()
            one = self.stretches[key] = Stretch(seconds)
        one.rows[end] = max(one.rows.get(end, 0.0), line.rows)
        if line.verdict == "undecided":
            one.why[_kind(line.why)] += 1
        else:
            one.decided.add(end)
            self._follow(one, line, end)

    def _follow(self, one: Stretch, line: Decided, end: float) -> None:
        """Whether a drift that began has lasted, or is over."""
        key = (line.version, line.window, line.scope, line.name)
        if line.onset:
            one.onsets += 1
            self._since[key] = end
        elif key in self._since:
            lasted = end - self._since[key] >= LASTING
            if lasted or line.verdict == "ok":
                del self._since[key]
                one.lasting += lasted
                one.transient += not lasted

    def names(self, version: str, window: str) -> list[tuple[Key, Subject]]:
        """The inputs and outputs of a version and window, those first that drifted most."""
        mine = [(key, one) for key, one in self.subjects.items() if key[:2] == (version, window)]
        return sorted(mine, key=lambda pair: (-pair[1].verdicts["drifted"], -pair[1].distance))


def _farness(line: Decided) -> tuple[bool, float]:
    """What was decided on is before what was not."""
    return line.verdict != "undecided", line.distance


def _kind(why: str) -> str:
    """The reason without its numbers."""
    if "are needed" in why:
        return "rows resemble each other" if "worth" in why else "too few rows"
    return NEW_HOURS if "these hours" in why else why
