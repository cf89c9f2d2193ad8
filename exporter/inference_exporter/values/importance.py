"""How much each feature matters to what the model says, from sums that add up.

The rows of a reference fall into the cells of a feature: its exported bins, and one more for rows
without a usable value. The share of the score's variance that lies between these cells is the
correlation ratio eta². Chance alone makes it (cells - 1) / (rows - 1), which is taken off as in the
adjusted R² of a regression on the cells: T. L. Kelley, "An unbiased correlation ratio measure",
Proc. Natl. Acad. Sci. 21 (1935), 554-559.

It sees what one feature says about the score by itself, whatever the form, and not what only two
together say; of two features that say the same, both matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from inference_exporter.values.batch import Floats

Cells = tuple[Floats, Floats]  # rows, and the sum of their deviations, by cell


@dataclass(frozen=True, slots=True)
class Importance:
    """The `target` (`score` or `prediction`) by the cells of each feature.

    `rows` of the reference have a target. From it `centre` is taken before it is summed: `total`
    and `squares` of these deviations, and for each feature rows and totals by cell, (B + 1,) for B
    exported bins.
    """

    target: str
    centre: float
    rows: float
    total: float
    squares: float
    cells: Mapping[str, Cells]

    def explained(self) -> dict[str, float]:
        """The share of the target's variance that each feature explains, 0 to 1.

        0 where nothing can be said: a target that never changes, as many cells as rows.
        """
        mean = self.total / self.rows if self.rows else 0.0
        whole = self.squares - self.total * mean
        return {name: self._share(one, whole, mean) for name, one in self.cells.items()}

    def _share(self, cells: Cells, whole: float, mean: float) -> float:
        rows, sums = (part[cells[0] > 0] for part in cells)
        free = self.rows - len(rows)
        if whole <= 0 or free <= 0:
            return 0.0
        between = float((sums * sums / rows).sum()) - self.total * mean
        unexplained = (1.0 - between / whole) * (self.rows - 1.0) / free
        return min(1.0, max(0.0, 1.0 - unexplained))


def shares(values: Mapping[str, float]) -> dict[str, float]:
    """Values over their sum; none if all are 0.

    >>> shares({"income": 3.0, "age": 1.0})
    {'income': 0.75, 'age': 0.25}
    """
    whole = sum(values.values())
    return {name: value / whole for name, value in values.items()} if whole > 0 else {}


def in_force(
    given: Mapping[str, float], measured: Importance | None, features: Iterable[str]
) -> dict[str, float]:
    """The importance of each feature as a share of that of all; empty where it is not known.

    What is given takes the place of what was measured as a whole: the scales are not the same. A
    feature that is not named then matters nothing.

    >>> in_force({"income": 3}, None, ["income", "age"])
    {'income': 1.0, 'age': 0.0}
    """
    if given:
        return shares({name: float(given.get(name, 0.0)) for name in features})
    return shares(measured.explained()) if measured else {}


def added(parts: Iterable[Importance]) -> Importance | None:
    """Of the rows of all parts, whose cells are the same; None if the parts do not fit together."""
    whole: Importance | None = None
    for part in parts:
        whole = part if whole is None else _sum(whole, part)
        if whole is None:
            return None
    return whole


def _sum(one: Importance, other: Importance) -> Importance | None:
    if one.target != other.target or one.cells.keys() != other.cells.keys():
        return None
    other = centred(other, one.centre)
    cells = {}
    for name, (rows, sums) in one.cells.items():
        more, further = other.cells[name]
        if len(more) != len(rows):
            return None
        cells[name] = (rows + more, sums + further)
    return Importance(
        one.target, one.centre, one.rows + other.rows, one.total + other.total,
        one.squares + other.squares, cells,
    )  # fmt: skip


def centred(one: Importance, centre: float) -> Importance:
    """The same, with another number taken from the target before it is summed."""
    by = one.centre - centre
    squares = one.squares + by * (2.0 * one.total + by * one.rows)
    cells = {name: (rows, sums + by * rows) for name, (rows, sums) in one.cells.items()}
    return Importance(one.target, centre, one.rows, one.total + by * one.rows, squares, cells)


def without_value(importance: Importance, bins: int) -> Cells:
    """The cells of a feature that none of these rows has: all are without a value."""
    rows, sums = np.zeros(bins + 1), np.zeros(bins + 1)
    rows[-1], sums[-1] = importance.rows, importance.total
    return rows, sums
