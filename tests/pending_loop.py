"""A join with a database, and the model that it is held against, driven together."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from inference_exporter.config.schema import Field, Fields, LabelsConfig, ModelConfig
from inference_exporter.truth import Intake, Join, make_join
from inference_exporter.values.batch import Batch, NumericColumn
from pending_model import PendingModel

NOW = 1_800_000_000.0
RESULTS = ("matched", "duplicate", "late", "unmatched")


@dataclass
class Both:
    """`commit`, `fail` and `crash` compare everything that can be seen of the two."""

    model: PendingModel
    connection: sqlite3.Connection
    state: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.model.now = NOW
        self.join = self._make()

    def _make(self) -> Join:
        labels = LabelsConfig(
            Field(("id",)), Field(("actual",)), wait=self.model.wait, ahead=self.model.ahead,
            max_pending=self.model.max_pending, update="last" if self.model.last else "first",
        )  # fmt: skip
        score = Field(("s",)) if self.model.schema == "score" else None
        fields = Fields(id=Field(("id",)), prediction=Field(("p",)), score=score)
        config = ModelConfig("m", ("log",), fields=fields, labels=labels)
        join = make_join(config, labels, regression=False)
        assert join.restore(self.state, self.connection) == []
        self.intake = Intake(join, regression=False)
        return join

    def predict(self, *predictions: tuple[str, str, str | None]) -> None:
        """Name, predicted class and, if it is on the same line, the label."""
        for one in predictions:
            self.model.predict(*one)
        names, predicted, actual = zip(*predictions, strict=True)
        score = NumericColumn(np.array([_score(name) for name in names]))
        batch = Batch(rows=len(names), id=names, prediction=predicted, actual=actual, score=score)
        self.intake.predictions(batch, np.array([_made(name) for name in names]))

    def label(self, *labels: tuple[str, str]) -> None:
        for one in labels:
            self.model.label(*one)
        names, actual = zip(*labels, strict=True)
        batch = Batch(rows=len(names), id=names, actual=actual)
        self.intake.labels(batch, self.model.now)

    def commit(self) -> None:
        """A commit that reaches the disk."""
        puts = self._settle()
        with self._transaction():
            self.join.write(self.connection)
        self.state |= puts
        self.join.confirm()
        self.model.committed()

    def fail(self, *, early: bool) -> None:
        """A commit that does not: at its beginning, or at its end. Counts wait for the next."""
        puts = self._settle()
        self.connection.execute(f"PRAGMA query_only = {int(early)}")
        with contextlib.suppress(sqlite3.OperationalError), self._transaction():
            self.join.write(self.connection)
            raise sqlite3.OperationalError
        self.connection.execute("PRAGMA query_only = 0")
        self.unsaved = puts

    unsaved: dict[str, bytes] = field(default_factory=dict)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def _settle(self) -> dict[str, bytes]:
        settled = self.join.settle(self.connection, self.model.now)
        counted = self.model.settle()
        assert _rows(settled.joined) == counted.joined
        assert _rows(settled.retracted) == counted.retracted
        puts = self.unsaved | self.join.take_changes()
        self.unsaved = {}
        self.compare()
        return puts

    def crash(self, schema: str = "") -> None:
        """Everything since the last commit that reached the disk is lost."""
        self.unsaved = {}
        self.model.crash(schema)
        self.join = self._make()
        self.compare()

    def compare(self) -> None:
        kept = self.model.kept
        found: Counter[str] = Counter()
        for (_kind, *_names, reason), count in self.join._counts.counters.items():
            found[reason] += int(count)
        assert +found == +kept.counts
        assert sum(self.join._counts.awaiting.values()) == self.model.awaiting
        assert self.join._pending.size == len(kept.pending)
        assert len(self.join._strays.early.shelf.rows) == len(kept.early)


def _score(name: str) -> float:
    return len(name) + sum(map(ord, name)) / 7


def _made(name: str) -> float:
    return NOW - sum(map(ord, name)) / 8


def _rows(batch: Batch | None) -> Counter[tuple[str, str]]:
    if batch is None:
        return Counter()
    assert batch.prediction is not None
    assert batch.actual is not None
    pairs = zip(batch.prediction, batch.actual, strict=True)
    return Counter((str(predicted), str(actual)) for predicted, actual in pairs)
