"""What errors of a regression to expect where: a table by decile, or by the leaves of a tree."""

from __future__ import annotations

from dataclasses import dataclass

from inference_exporter.values.batch import Floats


@dataclass(frozen=True, slots=True)
class Split:
    """A question about one column, and where rows go: to a split (0 and up) or a leaf (~leaf).

    Numbers up to `threshold` go left, and so do those of `categories`; a value that is missing, or
    a category that the reference does not name, goes where `missing_left` says. `column` None is
    the prediction itself, else a feature.
    """

    column: str | None
    left: int
    right: int
    missing_left: bool
    threshold: float | None = None
    categories: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # that go right


@dataclass(frozen=True, slots=True)
class SignedErrors:
    """More about errors, (cells,) each: mean and variance of prediction - label.

    `nonzero` labelled rows whose label is not 0; of them mean and variance of |error| / |label|.
    """

    bias: Floats
    bias_variance: Floats
    nonzero: Floats
    percentage: Floats
    percentage_variance: Floats


@dataclass(frozen=True, slots=True)
class LossTable:
    """Errors of a regression by cell: a leaf of `splits`, or a range of the prediction.

    `edges` (cells-1,) of the prediction where there are no splits: profiles of earlier versions
    have deciles. `rows` labelled rows, mean and variance of |error| and of error², (cells,) each.
    """

    edges: Floats
    rows: Floats
    absolute: Floats
    absolute_variance: Floats
    squared: Floats
    squared_variance: Floats
    splits: tuple[Split, ...] = ()
    more: SignedErrors | None = None
