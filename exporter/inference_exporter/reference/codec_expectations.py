"""The calibration and the table of errors in a profile's file."""

from __future__ import annotations

import msgspec
import numpy as np

from inference_exporter.batch import Floats
from inference_exporter.profile import Calibration, LossTable


class CalibrationState(msgspec.Struct, forbid_unknown_fields=True):
    """A calibration as JSON."""

    negative: str
    positive: str
    scores: list[float]
    probabilities: list[float]
    edges: list[float]
    rows: list[float]
    error_before: float
    error_after: float

    @classmethod
    def of(cls, one: Calibration | None) -> CalibrationState | None:
        """To be written."""
        if one is None:
            return None
        return cls(
            one.negative, one.positive, one.scores.tolist(), one.probabilities.tolist(),
            one.edges.tolist(), one.rows.tolist(), one.error_before, one.error_after,
        )  # fmt: skip


class LossState(msgspec.Struct, forbid_unknown_fields=True):
    """A table of errors as JSON."""

    edges: list[float]
    rows: list[float]
    absolute: list[float]
    absolute_variance: list[float]
    squared: list[float]
    squared_variance: list[float]

    @classmethod
    def of(cls, one: LossTable | None) -> LossState | None:
        """To be written."""
        return (
            None if one is None else cls(*(getattr(one, f).tolist() for f in cls.__struct_fields__))
        )


def calibration_of(state: CalibrationState | None) -> Calibration | None:
    """As it was written; ValueError if that cannot be."""
    if state is None:
        return None
    scores, values = _array(state.scores), _array(state.probabilities)
    edges, rows = _array(state.edges), _array(state.rows)
    if len(scores) != len(values) or len(rows) != len(edges) + 1:
        raise ValueError("is damaged: calibration: scores, probabilities and rows do not fit")
    if any((np.diff(one) <= 0).any() for one in (scores, edges)) or (np.diff(values) < 0).any():
        raise ValueError("is damaged: calibration: scores, probabilities and edges must ascend")
    if ((values < 0) | (values > 1)).any() or (rows < 0).any():
        raise ValueError("is damaged: calibration: a probability is not between 0 and 1")
    errors = (state.error_before, state.error_after)
    return Calibration(state.negative, state.positive, scores, values, edges, rows, *errors)


def losses_of(state: LossState | None) -> LossTable | None:
    """As it was written; ValueError if that cannot be."""
    if state is None:
        return None
    edges, *columns = (_array(getattr(state, name)) for name in LossState.__struct_fields__)
    if any(len(column) != len(edges) + 1 for column in columns) or (np.diff(edges) <= 0).any():
        raise ValueError("is damaged: losses: edges must ascend and fit the rest")
    if any((column < 0).any() for column in columns):
        raise ValueError("is damaged: losses: a count or an error is negative")
    return LossTable(edges, *columns)


def _array(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)
