"""Why a request is worth looking at, and what is said of it in spans and events."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from inference_exporter.accumulators import Layout, wrong_rows
from inference_exporter.config.schema import ModelConfig
from inference_exporter.values.batch import Batch, Bools, Floats, Scalar, TextColumn
from inference_exporter.values.spans import Attribute

LATEST = 2048  # latencies that say what is slow
_ENOUGH = 100
_SLOW = 0.99  # quantile

Reasons = Iterator[tuple[str, Bools]]
"""Reasons with the rows (rows,) they are true of, the most telling first."""


class Interest:
    """Finds the requests of one model that one would look for."""

    def __init__(self, config: ModelConfig) -> None:
        self._objective = config.thresholds.get("request_duration_seconds")
        self._latest = np.empty(LATEST)
        self._seen = 0

    def reasons(self, batch: Batch, layout: Layout) -> Reasons:
        """Failed, slow, predicted wrongly, far from the reference, close to the boundary."""
        if (failed := layout.failed(batch)) is not None:
            yield "error", failed
        if batch.latency is not None:
            yield "slow", batch.latency.values > self._limit()
            self._learn(batch.latency.values)
        if (wrong := wrong_rows(batch)) is not None:
            yield "wrong", wrong
        for reason in ("outlier", "boundary"):
            if reason in batch.flags:
                yield reason, batch.flags[reason]

    def _limit(self) -> float:
        """The latency above which a request is slow: the objective, or what few exceed."""
        if self._objective is not None:
            return self._objective
        known = min(self._seen, LATEST)
        if known < _ENOUGH:
            return math.inf
        rank = math.ceil(_SLOW * (known - 1))
        return float(np.partition(self._latest[:known], rank)[rank])

    def _learn(self, latency: Floats) -> None:
        timed = latency[~np.isnan(latency)][-LATEST:]
        places = (self._seen + np.arange(len(timed))) % LATEST
        self._latest[places] = timed
        self._seen += len(timed)


def told_of(batch: Batch, row: int) -> dict[str, Attribute]:
    """What a line says of a request beside its inputs and times, without what is not there."""
    texts = (
        ("version", batch.version), ("request_id", batch.id), ("status", batch.status),
        ("prediction", batch.prediction), ("actual", batch.actual),
    )  # fmt: skip
    numbers = (
        ("score", batch.score), ("prediction", batch.prediction_value), *batch.derived.items(),
    )  # fmt: skip
    found: dict[str, Attribute] = {}
    for name, column in texts:
        if column is not None and (value := column[row]) is not None:
            found[name] = value
    for name, numeric in numbers:
        if numeric is not None and not math.isnan(number := float(numeric.values[row])):
            found[name] = number
    return found


def at(column: TextColumn | None, row: int) -> Scalar:
    """The value of a row, None where there is no column."""
    return None if column is None else column[row]
