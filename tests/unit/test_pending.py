"""Pending predictions at their real sizes: chunks, generations, labels, and what stays of them."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from inference_exporter.config.schema import Field, Fields, LabelsConfig, ModelConfig
from inference_exporter.truth import Intake, Join, make_join
from inference_exporter.truth.waiting.index import GENERATION
from inference_exporter.truth.waiting.record import Schema
from inference_exporter.values.batch import Batch, NumericColumn

NOW = 1_800_000_000.0


class Numbers:
    """A join whose ids are numbers, with an in-memory database; the task may change."""

    def __init__(self, *, regression: bool) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.state: dict[str, bytes] = {}
        self.restart(regression=regression)

    def restart(self, *, regression: bool) -> None:
        labels = LabelsConfig(Field(("id",)), Field(("actual",)), max_pending=10**7)
        fields = Fields(id=Field(("id",)), prediction=Field(("p",)))
        config = ModelConfig("m", ("log",), fields=fields, labels=labels)
        self.join: Join = make_join(config, labels, regression=regression)
        assert self.join.restore(self.state, self.connection) == []
        self.intake = Intake(self.join, regression=regression)
        self.regression = regression

    def predict(self, numbers: range) -> None:
        value = NumericColumn(np.arange(numbers.start, numbers.stop) / 2)
        batch = Batch(
            rows=len(numbers),
            id=list(map(str, numbers)),
            prediction=None if self.regression else [str(number % 3) for number in numbers],
            prediction_value=value if self.regression else None,
        )
        self.intake.predictions(batch, np.full(len(numbers), NOW))

    def label(self, numbers: list[int]) -> Batch | None:
        """Each with itself as label; the joined rows."""
        names = list(map(str, numbers))
        actual = names if self.regression else [str(number % 5) for number in numbers]
        self.intake.labels(Batch(rows=len(names), id=names, actual=actual), NOW)
        return self.commit()

    def commit(self, now: float = NOW) -> Batch | None:
        settled = self.join.settle(self.connection, now)
        self.connection.execute("BEGIN")
        self.join.write(self.connection)
        self.connection.execute("COMMIT")
        self.state |= self.join.take_changes()
        self.join.confirm()
        return settled.joined

    def result(self, name: str) -> float:
        return self.join._counts.counters.get(("label", "", name), 0.0)


@pytest.mark.slow
def test_every_label_finds_its_own_prediction_among_several_generations() -> None:
    rows = 2 * GENERATION + 60_000
    numbers = Numbers(regression=True)
    for start in range(0, rows, 90_001):
        numbers.predict(range(start, min(start + 90_001, rows)))
        numbers.commit()
    (generations,) = numbers.connection.execute(
        f'SELECT count(DISTINCT block >> 24) FROM "index_{numbers.join._tables.model}"'
    ).fetchone()
    assert generations == 2
    assert numbers.join._pending.unwritten == 0
    order = np.random.default_rng(0).permutation(rows + 5000)
    first, second = np.array_split(order, 2)
    for some in (first, second):
        joined = numbers.label(some.tolist())
        assert joined is not None
        assert joined.prediction_value is not None
        assert joined.actual_value is not None
        assert (joined.prediction_value.values * 2 == joined.actual_value.values).all()
        assert set(joined.actual_value.values) == set(some[some < rows])
        numbers.restart(regression=True)
    numbers.predict(range(rows))
    assert numbers.label(order.tolist()) is None
    assert numbers.join._counts.counters["ignored", "duplicate_id"] == rows
    assert numbers.result("duplicate") == rows + 5000


def test_a_pending_prediction_takes_less_than_60_bytes_on_disk() -> None:
    numbers = Numbers(regression=False)
    rows = GENERATION + 50_000
    for start in range(0, rows, 52_000):
        numbers.predict(range(start, min(start + 52_000, rows)))
        numbers.commit()
    numbers.label(list(range(rows)))
    (pages,) = numbers.connection.execute("PRAGMA page_count").fetchone()
    assert pages * 4096 / rows < 60


@pytest.mark.parametrize("order", [(False, True), (True, False)])
def test_labels_of_another_task_stay_with_the_predictions(order: tuple[bool, bool]) -> None:
    before, after = order
    numbers = Numbers(regression=before)
    numbers.predict(range(1000))
    numbers.label(list(range(0, 1000, 2)))
    numbers.restart(regression=after)
    joined = numbers.label(list(range(0, 1000, 3)))
    assert joined is not None
    assert joined.rows == 334  # a label of this kind is the first
    numbers.restart(regression=before)
    assert numbers.label(list(range(0, 1000, 2))) is None
    joined = numbers.label([1, 2])
    assert joined is not None
    assert joined.rows == 1


def test_what_was_written_is_not_kept_in_memory() -> None:
    numbers = Numbers(regression=False)
    numbers.predict(range(100_000))
    numbers.commit()
    numbers.label(list(range(100_000)))
    chunks = numbers.join._pending._chunks
    assert chunks.size == 100_000
    assert chunks._unwritten == {}
    assert numbers.join._pending._marks.unwritten == 0


@pytest.mark.parametrize("regression", [False, True])
def test_labels_and_index_go_with_their_predictions(regression: bool) -> None:
    numbers = Numbers(regression=regression)
    for start in (0, 150_000):
        numbers.predict(range(start, start + 150_000))
        numbers.commit()
    numbers.label(list(range(100_000)))
    rows = 'SELECT count(*) FROM "{}_' + numbers.join._tables.model + '"'
    kinds = ("chunk", "label", "index")
    assert all(numbers.connection.execute(rows.format(kind)).fetchone()[0] > 100 for kind in kinds)
    numbers.commit(NOW + 31 * 86_400)
    numbers.commit(NOW + 31 * 86_400)
    for kind in kinds:
        assert numbers.connection.execute(rows.format(kind)).fetchone() == (0,)


def test_labels_of_each_kind_have_a_place_of_their_own() -> None:
    kinds = {
        Schema((), (), regression, (), ranking).label_kind
        for regression, ranking in ((False, False), (True, False), (False, True))
    }
    assert kinds == {0, 1, 2}
