"""The calibrations in a profile's file, and what estimates were off by."""

from __future__ import annotations

import msgspec
import numpy as np

from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import Calibration, ClassCalibration


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


class ClassCalibrationState(msgspec.Struct, forbid_unknown_fields=True):
    """A calibration of more than two classes as JSON; knots by class."""

    classes: list[str]
    scores: dict[str, list[float]]
    probabilities: dict[str, list[float]]
    top_scores: list[float]
    top_probabilities: list[float]
    rows: list[float]
    error_before: list[float]
    error_after: list[float]

    @classmethod
    def of(cls, one: ClassCalibration | None) -> ClassCalibrationState | msgspec.UnsetType:
        """To be written."""
        if one is None:
            return msgspec.UNSET
        scores, probabilities = (
            {name: knots.tolist() for name, knots in zip(one.classes, table, strict=True)}
            for table in (one.scores, one.probabilities)
        )
        rest = (one.rows.tolist(), one.error_before.tolist(), one.error_after.tolist())
        top = (one.top[0].tolist(), one.top[1].tolist())
        return cls(list(one.classes), scores, probabilities, *top, *rest)


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


def class_calibration_of(
    state: ClassCalibrationState | msgspec.UnsetType,
) -> ClassCalibration | None:
    """As it was written; ValueError if that cannot be."""
    if isinstance(state, msgspec.UnsetType):
        return None
    names, what = state.classes, "is damaged: class_calibration:"
    if len(names) < 3 or len(set(names)) < len(names):
        raise ValueError(f"{what} at least three different classes are needed")
    if set(state.scores) != set(names) or set(state.probabilities) != set(names):
        raise ValueError(f"{what} scores and probabilities must be of the classes")
    scores = tuple(_array(state.scores[name]) for name in names)
    values = tuple(_array(state.probabilities[name]) for name in names)
    top = (_array(state.top_scores), _array(state.top_probabilities))
    for xs, ys in (*zip(scores, values, strict=True), top):
        if len(xs) != len(ys) or (np.diff(xs) <= 0).any() or (np.diff(ys) < 0).any():
            raise ValueError(f"{what} scores and probabilities must ascend together")
        if ((ys < 0) | (ys > 1)).any():
            raise ValueError(f"{what} a probability is not between 0 and 1")
    columns = [_array(column) for column in (state.rows, state.error_before, state.error_after)]
    if [len(one) - len(names) for one in columns] != [0, 1, 1] or (columns[0] < 0).any():
        raise ValueError(f"{what} rows and errors must be of the classes")
    return ClassCalibration(tuple(names), scores, values, top, *columns)


def errors_of(state: dict[str, float] | msgspec.UnsetType) -> dict[str, float]:
    """As they were written; ValueError if that cannot be."""
    found = {} if isinstance(state, msgspec.UnsetType) else state
    if any(one < 0 for one in found.values()):
        raise ValueError("is damaged: estimate_errors: a deviation is negative")
    return found


def _array(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)
