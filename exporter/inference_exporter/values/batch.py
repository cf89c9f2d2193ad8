"""The columnar value that crosses the stages: one Batch is the predictions of one block of lines.

A format fills it, the accumulators read it, nobody changes it. Text columns keep the raw JSON
scalar (`str`, `int`, `float`, `bool` or None for absent or null); `category_name` is the one place
that says how such a scalar is called as a category, class or label value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

RANKS = 10  # how much of a ranked list is kept: an actual class further down is one of "beyond"

Scalar = str | int | float | bool | None
TextColumn = Sequence[Scalar]


@dataclass(frozen=True, slots=True)
class NumericColumn:
    """Numbers of one field or feature, one per row.

    `values` is NaN where there is no usable number; `invalid` marks those of them that were
    present but not a finite number (None: no row is invalid). NaN and not invalid means absent or
    null. Values are never infinite.
    """

    values: Floats
    invalid: Bools | None = None


@dataclass(frozen=True, slots=True)
class CategoryColumn:
    """Categories of one feature, one raw scalar per row; None is absent, null or invalid.

    `invalid` marks rows whose value was present but not a scalar (an object or a list).
    """

    values: TextColumn
    invalid: Bools | None = None


FeatureColumn = NumericColumn | CategoryColumn


@dataclass(frozen=True, slots=True)
class ClassScores:
    """The probabilities of all classes, a row per prediction.

    `values` (rows, classes) sum to 1; a row is NaN where there are none that can be used, and
    `invalid` marks those rows of them that were present.
    """

    classes: tuple[str, ...]
    values: Floats
    invalid: Bools | None = None

    def take(self, rows: Ints) -> ClassScores:
        """Some rows."""
        return ClassScores(self.classes, self.values[rows])


@dataclass(frozen=True, slots=True)
class RankedItems:
    """The first items of ranked lists as numbers of their names, a row per prediction.

    `items` (rows, ranks), best first, 0 where there is no item; `listed` (rows,) whether there was
    a list. `actual` (rows,) is the number of the label, 0 without one; None: not looked up yet.
    """

    items: Ints
    listed: Bools
    invalid: Bools | None = None
    actual: Ints | None = None

    def take(self, rows: Ints) -> RankedItems:
        """Some rows."""
        actual = None if self.actual is None else self.actual[rows]
        return RankedItems(self.items[rows], self.listed[rows], None, actual)


@dataclass(frozen=True, slots=True)
class Batch:
    """Predictions in columns, all of length `rows`; None where the config names no such field.

    Units: `timestamp` seconds since the Unix epoch (NaN: absent or unreadable), `latency` and
    `steps` seconds, `score` and `weight` plain numbers.

    `inputs` marks the rows that carry inputs (features or a prediction): a request that failed
    before the model saw it has no features, and they are then not counted as missing. None: all.

    `prediction_value` and `actual_value` are the numbers of a regression; None for classification.

    `row` is the place of a prediction in its request, where one `id` stands for several; `entity`
    is who asked, `model_uri` where the model that answered is from.
    `label_delay`, seconds, is only in batches of predictions that were joined with late labels;
    there `relabelled` marks labels in the place of others that were counted (None: all are first).

    `features` holds the features of the reference, in its order. Without a reference (while one is
    being collected) it is empty and `raw_features` has one mapping of name to scalar per row.

    `segments` has a column for every configured segment: raw values as they were logged, which
    `segments.Naming` replaces by names.
    `requests` marks the first row of each request, where one line is several rows (None: every
    row is one); latency and steps are in that row only.
    `scores` and `ranking` are those of a classification that logs more than its first choice.

    `derived` are outputs and `flags` marks that the model works out itself, from the features;
    `season` (rows,) is the hour of the day or week, where the model has one.
    """

    rows: int
    timestamp: NumericColumn | None = None
    version: TextColumn | None = None
    status: TextColumn | None = None
    prediction: TextColumn | None = None
    actual: TextColumn | None = None
    id: TextColumn | None = None
    trace_id: TextColumn | None = None
    span_id: TextColumn | None = None
    row: TextColumn | None = None
    entity: TextColumn | None = None
    model_uri: TextColumn | None = None
    prediction_value: NumericColumn | None = None
    score: NumericColumn | None = None
    scores: ClassScores | None = None
    ranking: RankedItems | None = None
    actual_value: NumericColumn | None = None
    latency: NumericColumn | None = None
    weight: NumericColumn | None = None
    label_delay: NumericColumn | None = None
    steps: Mapping[str, NumericColumn] = field(default_factory=dict)
    features: Mapping[str, FeatureColumn] = field(default_factory=dict)
    raw_features: Sequence[Mapping[str, object] | None] | None = None
    inputs: Bools | None = None
    requests: Bools | None = None
    relabelled: Bools | None = None
    segments: Mapping[str, TextColumn] = field(default_factory=dict)
    derived: Mapping[str, NumericColumn] = field(default_factory=dict)
    flags: Mapping[str, Bools] = field(default_factory=dict)
    season: Ints | None = None

    def take(self, rows: Ints) -> Batch:
        """Some rows of a batch without features: of one that was joined with late labels."""
        chosen: dict[str, TextColumn | NumericColumn | ClassScores | RankedItems] = {}
        for name in self.__slots__:
            column = getattr(self, name)
            if isinstance(column, NumericColumn):
                chosen[name] = NumericColumn(column.values[rows])
            elif isinstance(column, ClassScores | RankedItems):
                chosen[name] = column.take(rows)
            elif isinstance(column, Sequence):
                chosen[name] = [column[row] for row in rows.tolist()]
        segments = {
            name: [column[row] for row in rows.tolist()] for name, column in self.segments.items()
        }
        return Batch(rows=len(rows), segments=segments, **chosen)  # type: ignore[arg-type]  # names of columns


def category_name(value: str | int | float | bool) -> str:
    """How a scalar is called as a category, class or label value, whatever wrote it.

    JSON `1`, `1.0` and the CSV cell `1` are the same category, as are `true` and Python's `True`.

    >>> [category_name(v) for v in ("DE", 1, 1.0, 2.5, True, "True", "01")]
    ['DE', '1', '1', '2.5', 'true', 'true', '01']
    """
    if isinstance(value, str):
        return value.lower() if value in ("True", "False") else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
