"""The table of errors of a regression in a profile's file, with the splits of its tree."""

from __future__ import annotations

import msgspec
import numpy as np

from inference_exporter.values.batch import Floats
from inference_exporter.values.losses import LossTable, SignedErrors, Split

_WHAT = "is damaged: losses:"
_TABLE = ("rows", "absolute", "absolute_variance", "squared", "squared_variance")
_MORE = ("bias", "bias_variance", "nonzero", "percentage", "percentage_variance")
_SIGNED = "bias"  # the only column that may be negative


class SplitState(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A split as JSON: where rows go is a split, 0 and up, or -1 - leaf."""

    left: int
    right: int
    missing_left: bool
    column: str | None = None
    threshold: float | None = None
    categories: list[str] = []
    others: list[str] = []

    @classmethod
    def of(cls, one: Split) -> SplitState:
        """To be written."""
        lists = (list(one.categories), list(one.others))
        return cls(one.left, one.right, one.missing_left, one.column, one.threshold, *lists)


class LossState(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A table of errors as JSON; profiles of earlier versions have no splits and no bias."""

    edges: list[float]
    rows: list[float]
    absolute: list[float]
    absolute_variance: list[float]
    squared: list[float]
    squared_variance: list[float]
    splits: list[SplitState] = []
    bias: list[float] = []
    bias_variance: list[float] = []
    nonzero: list[float] = []
    percentage: list[float] = []
    percentage_variance: list[float] = []

    @classmethod
    def of(cls, one: LossTable | None) -> LossState | None:
        """To be written."""
        if one is None:
            return None
        found = {name: getattr(one, name).tolist() for name in ("edges", *_TABLE)}
        if one.more is not None:
            found |= {name: getattr(one.more, name).tolist() for name in _MORE}
        return cls(**found, splits=[SplitState.of(split) for split in one.splits])


def losses_of(state: LossState | None) -> LossTable | None:
    """As it was written; ValueError if that cannot be."""
    if state is None:
        return None
    edges = np.array(state.edges, dtype=np.float64)
    if (np.diff(edges) <= 0).any() or (len(edges) and state.splits):
        raise ValueError(f"{_WHAT} edges must ascend, and a tree has none")
    cells = (len(edges) or len(state.splits)) + 1
    table = {name: _column(state, name, cells) for name in _TABLE}
    more = None
    if state.bias:
        more = SignedErrors(**{name: _column(state, name, cells) for name in _MORE})
    return LossTable(edges, **table, splits=_splits(state.splits), more=more)


def _column(state: LossState, name: str, cells: int) -> Floats:
    found = np.array(getattr(state, name), dtype=np.float64)
    if len(found) != cells:
        raise ValueError(f"{_WHAT} {name} must have one number a cell")
    if name != _SIGNED and (found < 0).any():
        raise ValueError(f"{_WHAT} a count or an error is negative")
    return found


def _splits(states: list[SplitState]) -> tuple[Split, ...]:
    """The tree: below each split are later splits or leaves, each exactly once."""
    children = [child for one in states for child in (one.left, one.right)]
    inner, leaves = range(1, len(states)), range(-len(states) - 1, 0)
    whole = not states or sorted(children) == sorted([*inner, *leaves])
    later = all(not 0 <= child <= at // 2 for at, child in enumerate(children))
    if not (whole and later):
        raise ValueError(f"{_WHAT} the splits are no tree")
    for one in states:
        if one.threshold is None and one.column is None:
            raise ValueError(f"{_WHAT} the prediction is a number and has a threshold")
    return tuple(
        Split(
            one.column, one.left, one.right, one.missing_left, one.threshold,
            tuple(one.categories), tuple(one.others),
        )
        for one in states
    )  # fmt: skip
