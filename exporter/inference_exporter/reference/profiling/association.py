"""The second pass over reference data: what the score is in the cells of each feature."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from inference_exporter.reference.profiling.census import KEPT_CATEGORIES
from inference_exporter.reference.profiling.survey import ColumnSurvey
from inference_exporter.reference.reading.columns import names, numeric
from inference_exporter.reference.reading.roles import Block
from inference_exporter.values.batch import Bools, Floats, TextColumn
from inference_exporter.values.importance import Cells, Importance
from inference_exporter.values.profile import OTHER, CategoricalProfile, FeatureProfile

ByName = Mapping[str, tuple[float, float]]  # rows with a score, and the sum, by category


class _Numeric:
    """A feature that is a number, with the upper bounds of its bins."""

    def __init__(self, edges: Floats) -> None:
        self._edges = edges
        self._rows, self._sums = np.zeros(len(edges) + 1), np.zeros(len(edges) + 1)

    def add(self, cells: TextColumn, target: Floats, known: Bools) -> None:
        """Take in a block; `target` where it is `known`."""
        values = numeric(cells).values
        used = known & ~np.isnan(values)
        index = np.searchsorted(self._edges, values[used])
        self._rows += np.bincount(index, minlength=len(self._rows))
        self._sums += np.bincount(index, target[used], minlength=len(self._rows))

    def cells(self, profile: FeatureProfile) -> Cells:  # noqa: ARG002
        """By bin."""
        return self._rows, self._sums


class Categories:
    """A feature that is a category: up to 10,000 by name, as in the census, and all others."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}
        self._rows, self._sums = np.zeros(1), np.zeros(1)  # the last is of all others

    def add(self, cells: TextColumn, target: Floats, known: Bools) -> None:
        """Take in a block; `target` where it is `known`."""
        found = names(cells)
        index = np.fromiter((self._place(name) for name in found), np.int64, len(found))
        used = known & (index >= 0)
        size = KEPT_CATEGORIES + 1
        self._grow()
        rows = np.bincount(index[used], minlength=size)
        sums = np.bincount(index[used], target[used], minlength=size)
        self._rows += np.append(rows[: len(self._at)], rows[-1])
        self._sums += np.append(sums[: len(self._at)], sums[-1])

    def _place(self, name: str | None) -> int:
        if name is None:
            return -1
        if name in self._at or len(self._at) < KEPT_CATEGORIES:
            return self._at.setdefault(name, len(self._at))
        return KEPT_CATEGORIES

    def _grow(self) -> None:
        more = len(self._at) + 1 - len(self._rows)
        self._rows, self._sums = (
            np.concatenate((one[:-1], np.zeros(more), one[-1:])) for one in (self._rows, self._sums)
        )

    def named(self) -> dict[str, tuple[float, float]]:
        """By category."""
        pairs = zip(self._rows.tolist(), self._sums.tolist(), strict=True)
        return dict(zip(self._at, pairs, strict=False))

    def cells(self, profile: FeatureProfile) -> Cells:
        """By cell of the profile."""
        assert isinstance(profile, CategoricalProfile)
        return by_cell(profile, self.named(), (float(self._rows[-1]), float(self._sums[-1])))


def by_cell(
    profile: CategoricalProfile, named: ByName, beyond: tuple[float, float] = (0.0, 0.0)
) -> Cells:
    """Rows and sums of categories in the cells of a profile; `beyond` is what has no name."""
    bins = profile.bins
    listed = {name: at for at, name in enumerate(profile.categories)}
    other = bins.index(OTHER) if profile.known_others else len(bins) - 1
    rows, sums = np.zeros(len(bins)), np.zeros(len(bins))
    for name, (count, total) in named.items():
        at = listed.get(name, other)
        rows[at] += count
        sums[at] += total
    rows[-1] += beyond[0]
    sums[-1] += beyond[1]
    return rows, sums


class Association:
    """The score, or the number that is predicted, by the cells of all features.

    `kinds` has the upper bounds of the bins of features that are numbers, None for categories.
    """

    def __init__(
        self, target: str, survey: ColumnSurvey, kinds: Mapping[str, Floats | None]
    ) -> None:
        self._target = target
        self._centre = float(survey.sketch.quantiles(np.array([0.5]))[0])
        self._rows = self._total = self._squares = 0.0
        self._features = {
            name: Categories() if edges is None else _Numeric(edges)
            for name, edges in kinds.items()
        }

    def add(self, block: Block) -> None:
        """Take in a block."""
        cells = block.score if self._target == "score" else block.prediction
        if cells is not None:
            with np.errstate(over="ignore", invalid="ignore"):  # then there is no result
                self._add(numeric(cells).values - self._centre, block)

    def _add(self, target: Floats, block: Block) -> None:
        known = ~np.isnan(target)
        of_known = target[known]
        self._rows += len(of_known)
        self._total += float(of_known.sum())
        self._squares += float(of_known @ of_known)
        for name, column in block.features.items():
            self._features[name].add(column, target, known)

    def result(self, profiles: Mapping[str, FeatureProfile]) -> Importance | None:
        """The sums in the cells of the profiles; rows without a value are what is left.

        None where the squares of the target are too large for a float64.
        """
        if not np.isfinite(self._squares):
            return None
        cells = {
            name: self._with_rest(one.cells(profiles[name])) for name, one in self._features.items()
        }
        return Importance(
            self._target, self._centre, self._rows, self._total, self._squares, cells
        )  # fmt: skip

    def _with_rest(self, cells: Cells) -> Cells:
        rows, sums = cells
        rest = self._rows - float(rows.sum())
        left = self._total - float(sums.sum()) if rest else 0.0
        return np.append(rows, rest), np.append(sums, left)

    def categories(self) -> dict[str, dict[str, tuple[float, float]]]:
        """By feature and category: what merging takes."""
        return {
            name: one.named() for name, one in self._features.items() if isinstance(one, Categories)
        }


def target_of(
    score: ColumnSurvey | None, prediction: ColumnSurvey | None, *, regression: bool
) -> tuple[str, ColumnSurvey] | None:
    """What features may explain: the score, or the predicted number; None: neither varies."""
    for name, one in (("score", score), ("prediction", prediction if regression else None)):
        if one is not None and one.sketch.count and one.sketch.minimum < one.sketch.maximum:
            return name, one
    return None
