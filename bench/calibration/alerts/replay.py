"""Hours of traffic through the decisions of every replica and through the rules of the fleet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.calibration.alerts import shares
from bench.calibration.alerts.exporter import (
    DAY,
    HOUR,
    SEEN,
    THRESHOLD,
    WINDOWS,
    Decided,
    Exporter,
    stretches,
)
from bench.calibration.alerts.promql import alert
from bench.calibration.alerts.rules import KEEP, Fleet, in_force, looks
from bench.calibration.traffic import Window
from inference_exporter.values.batch import Bools, Floats

Split = Callable[[Floats], Sequence[Floats]]  # rows (features, minutes, cells) by replica
Shown = tuple[int, dict[str, Decided]]  # for so many minutes, by window


@dataclass(frozen=True, slots=True)
class Replayed:
    """Per minute and feature: the recorded state (NaN: undecided), and alerts on sliding hours."""

    state: Floats
    sliding: Bools  # whether the rule of ADR 0015 would have fired
    flawed: Bools  # whether the alert on a share of flawed values fires

    @property
    def decided(self) -> float:
        """Share of minutes and features with a state, after the first day."""
        return float((~np.isnan(self.state[DAY:])).mean())


@dataclass(frozen=True, slots=True)
class Setting:
    """What is replayed: minutes of traffic by the hour, and what happens to exporters.

    `forget` is after how many hours all replicas lose their memory (a restart without state, a new
    version, a new reference); 0: never. `sliding`: by the rule of ADR 0015 too.
    """

    known: Floats
    models: int
    window: Window
    replicas: int = 1
    split: Split | None = None
    forget: int = 0
    sliding: bool = False
    flawed: int = 0  # so many of the first bins stand for flawed values; 0: none
    others: int = 0  # features of each model in which nothing ever happens


class _Replay:
    """What is known after some hours."""

    def __init__(self, setting: Setting, hours: int) -> None:
        self.setting, size = setting, len(setting.known)
        self.per_model = per_model = size // setting.models + setting.others
        # replicas are models beside each other: each sees its own rows only
        beside = np.tile(setting.known, (setting.replicas, 1))
        self.exporter = Exporter(beside, setting.models * setting.replicas, setting.others)
        self.fleets = {name: Fleet(name, setting.known, per_model, THRESHOLD) for name in WINDOWS}
        self.verdicts = {name: np.full((hours * HOUR, size), np.nan) for name in WINDOWS}
        self.alone = np.full((hours * HOUR, size), np.nan)
        self.crossed = np.zeros((hours * HOUR, size), dtype=np.bool_)
        self.strange = np.zeros((hours * HOUR, size), dtype=np.bool_)
        self.hours = Fleet("1h", setting.known, per_model, THRESHOLD)  # for sliding windows
        self.day: list[Floats] = []

    def hour(self, hour: int) -> None:
        """One more: what rules see in it, then what exporters decide at its end."""
        setting, begin = self.setting, hour * HOUR
        if setting.forget and hour % setting.forget == 0:
            self.exporter.forget()
        shown = shown_in(self.exporter, hour)
        minutes = setting.window()
        rows = np.ascontiguousarray(minutes.transpose(1, 0, 2))
        if setting.replicas > 1:
            self._look(begin, rows, shown)
        else:
            self.alone[begin : begin + HOUR] = states_of(shown)
        if setting.sliding or setting.flawed:
            designs = _designs(shown, "1h", setting.replicas)
            self._slide(slice(begin, begin + HOUR), rows, designs)
        parts = [minutes] if setting.split is None else setting.split(minutes)
        self._decide(np.concatenate(parts), hour)

    def _decide(self, minutes: Floats, hour: int) -> None:
        """Decisions at the end of an hour, and of a day, on rows by replica and feature."""
        self.exporter.decide("1h", stretches(minutes))
        self.day.append(minutes.sum(axis=1))
        if hour % 24 == 23:
            self.exporter.decide("1d", stretches(np.stack(self.day, axis=1)))
            self.day.clear()

    def _slide(self, when: slice, rows: Floats, designs: Floats) -> None:
        setting, counts = self.setting, self.hours.feed(rows)
        if setting.sliding:
            self.crossed[when] = _crossed(self.hours, counts, designs)
        if setting.flawed:
            first = slice(0, setting.flawed)
            usual = setting.known[:, first].sum(axis=1) / setting.known.sum(axis=1)
            flawed, values = counts[..., first].sum(axis=-1), counts.sum(axis=-1)
            self.strange[when] = shares.crossed(flawed, values, usual, designs, self.per_model)

    def _look(self, begin: int, rows: Floats, shown: list[Shown]) -> None:
        for name, fleet in self.fleets.items():
            counts, designs = fleet.feed(rows), _designs(shown, name, self.setting.replicas)
            for minute in np.flatnonzero(looks(name, begin, HOUR)):
                verdict = fleet.verdict(counts[minute], designs[minute])
                self.verdicts[name][begin + minute] = verdict


def replay(setting: Setting, hours: int) -> Replayed:
    """What the pager goes by, for so many hours; `sliding` only where there is one replica."""
    run = _Replay(setting, hours)
    for hour in range(hours):
        run.hour(hour)
    state = run.alone if setting.replicas == 1 else in_force(run.verdicts)
    sliding = alert(run.crossed, 15, KEEP) if setting.sliding else run.crossed
    flawed = shares.fires(run.strange) if setting.flawed else run.strange
    return Replayed(state, sliding, flawed)


def shown_in(exporter: Exporter, hour: int) -> list[Shown]:
    """The last decision that is scraped, by window, in the minutes of this hour."""
    passed = hour % 24 * HOUR  # minutes of the day
    news = {"1h": SEEN["1h"], "1d": SEEN["1d"] - passed}
    ends = sorted({HOUR, *(at for at in news.values() if 0 < at < HOUR)})
    return [
        (end - begin, {name: exporter.at(name, latest=begin >= at) for name, at in news.items()})
        for begin, end in zip([0, *ends], ends, strict=False)
    ]


def _designs(shown: list[Shown], name: str, replicas: int) -> Floats:
    """Design effects (minutes, replicas, features); of the other window where one has none yet."""
    other = next(one for one in WINDOWS if one != name)
    found = []
    for _, at in shown:
        own = at[name].design
        found.append(np.where(np.isnan(own), at[other].design, own).reshape(replicas, -1))
    return np.repeat(np.stack(found), [minutes for minutes, _ in shown], axis=0)


def states_of(shown: list[Shown]) -> Floats:
    """The state (minutes, features) of the only replica: drifted in any window."""
    found = [np.fmax(*(one.state for one in at.values())) for _, at in shown]
    return np.repeat(np.stack(found), [minutes for minutes, _ in shown], axis=0)


def _crossed(fleet: Fleet, counts: Floats, designs: Floats) -> Bools:
    """The condition of the rule of ADR 0015 at every minute of the sliding window."""
    psi = fleet.psi(counts)
    worth = counts.sum(axis=-1) / designs.max(axis=1)
    noise = 1.0 / np.maximum(worth, 1e-9) + 1.0 / fleet.samples
    enough = worth >= 8.0 * fleet.cells
    crossed: Bools = enough & (psi > fleet.quantile * noise) & (psi > fleet.threshold)
    return crossed


def spread(random: np.random.Generator, replicas: int) -> Split:
    """Every row to a replica at random: a visitor's requests are on all of them."""

    def split(rows: Floats) -> Sequence[Floats]:
        left, parts = rows.astype(np.int64), []
        for number in range(replicas, 1, -1):
            part = random.binomial(left, 1.0 / number)
            parts.append(part.astype(np.float64))
            left = left - part
        return [*parts, left.astype(np.float64)]

    return split
