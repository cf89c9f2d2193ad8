"""What the join of late labels has to do, in dictionaries and loops: slow, and plain to read."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Remembered:
    predicted: str
    actual: str | None = None


@dataclass
class Group:
    """Predictions that are given up together."""

    arrived: float
    schema: str
    names: list[str] = field(default_factory=list)


@dataclass
class Counted:
    """What one commit counts: (predicted, actual)."""

    joined: Counter[tuple[str, str]] = field(default_factory=Counter)
    retracted: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class Kept:
    """What a crash falls back to."""

    pending: dict[str, Remembered] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    early: dict[str, tuple[str, float]] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


class PendingModel:
    """Predictions and labels are told about with `predict` and `label`, counted with `settle`."""

    def __init__(
        self, *, last: bool, wait: float, ahead: float, max_pending: int, group: int
    ) -> None:
        self.last, self.wait, self.ahead = last, wait, ahead
        self.max_pending, self.group = max_pending, group
        self.schema = ""
        self.now = 0.0
        self.kept = Kept()
        self._committed = Kept()
        self._predicted: list[tuple[str, str, str | None]] = []
        self._labels: list[tuple[str, str, float]] = []

    def predict(self, name: str, predicted: str, actual: str | None = None) -> None:
        self._predicted.append((name, predicted, actual))

    def label(self, name: str, actual: str) -> None:
        self._labels.append((name, actual, self.now))

    def committed(self) -> None:
        self._committed = copy.deepcopy(self.kept)

    def crash(self, schema: str) -> None:
        self.kept = copy.deepcopy(self._committed)
        self._predicted, self._labels = [], []
        self.schema = schema

    @property
    def awaiting(self) -> int:
        return sum(one.actual is None for one in self.kept.pending.values())

    def settle(self) -> Counted:
        counted = Counted()
        called = self._remember()
        by_name: dict[str, list[tuple[str, float]]] = {}
        for name, actual, arrived in [*called, *self._labels]:
            by_name.setdefault(name, []).append((actual, arrived))
        self._predicted, self._labels = [], []
        for name, labels in by_name.items():
            chosen = labels[-1 if self.last else 0]
            self.kept.counts["duplicate"] += len(labels) - 1
            self.kept.counts["conflict"] += sum(actual != chosen[0] for actual, _ in labels)
            self._join(name, *chosen, counted)
        self._give_up()
        for name, (_, arrived) in list(self.kept.early.items()):
            if arrived < self.now - self.ahead:
                del self.kept.early[name]
                self.kept.counts["unmatched"] += 1
        return counted

    def _remember(self) -> list[tuple[str, str, float]]:
        called = []
        new = set()
        for name, predicted, actual in self._predicted:
            if name in self.kept.pending:
                self.kept.counts["duplicate_id"] += 1
                continue
            new.add(name)
            self.kept.pending[name] = Remembered(predicted, actual)
            self.kept.counts["matched"] += actual is not None
            groups = self.kept.groups
            if (
                not groups
                or len(groups[-1].names) >= self.group
                or abs(self.now - groups[-1].arrived) > self.wait / 256
                or groups[-1].schema != self.schema
            ):
                groups.append(Group(self.now, self.schema))
            groups[-1].names.append(name)
        for name in [name for name in self.kept.early if name in new]:
            called.append((name, *self.kept.early.pop(name)))
        return called

    def _join(self, name: str, actual: str, arrived: float, counted: Counted) -> None:
        one, counts = self.kept.pending.get(name), self.kept.counts
        if one is None:
            self._without_prediction(name, actual, arrived)
        elif one.actual is None:
            counts["matched"] += 1
            counted.joined[one.predicted, actual] += 1
            one.actual = actual
        else:
            counts["duplicate"] += 1
            counts["conflict"] += one.actual != actual
            if self.last and one.actual != actual:
                counted.retracted[one.predicted, one.actual] += 1
                counted.joined[one.predicted, actual] += 1
                one.actual = actual

    def _without_prediction(self, name: str, actual: str, arrived: float) -> None:
        counts, early = self.kept.counts, self.kept.early
        if name in self.kept.given_up:
            counts["late"] += 1
        elif name in early:
            counts["duplicate"] += 1
            before, since = early[name]
            counts["conflict"] += before != actual
            if self.last:
                early[name] = (actual, since)
        else:
            early[name] = (actual, arrived)

    def _give_up(self) -> None:
        while self.kept.groups:
            oldest = self.kept.groups[0]
            if len(self.kept.pending) > self.max_pending:
                reason = "capacity"
            elif oldest.arrived < self.now - self.wait:
                reason = "expired"
            else:
                break
            for name in oldest.names:
                if self.kept.pending.pop(name).actual is None:
                    self.kept.counts[reason] += 1
                    self.kept.given_up.add(name)
            del self.kept.groups[0]
