r"""One number a prediction: outlier distance, reconstruction error, share of unseen categories.

With z the scaled values of a row, O the features that are present in it and k of them:

* `outlier_distance` :math:`\sqrt{z_O^T \Sigma_{OO}^{-1} z_O / k}`: the robust Mahalanobis distance
  per feature, about 1 for an ordinary row; missing values are conditioned out, not imputed.
* `reconstruction_error` :math:`\sqrt{\sum_O (z - V^T V z)^2 / k}`: what the principal components V
  do not explain; missing values count as the median, and not in the error.
* `unseen_share`: share of the categories present that the reference does not know.

A row without any of the features has no value. z is clipped at a million scales: further out is all
the same. With P the inverse of the covariance and M the missing features, the square is
:math:`z^T P z - (P z)_M^T P_{MM}^{-1} (P z)_M` for z with 0 where missing: one small system a row,
solved for all rows that lack as many features at once. Where more than `SOLVED` features are
missing and as many are present, rows are grouped by which they are, and in a block with more than
`PATTERNS` such groups the rarest have no distance, so that no traffic can buy hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from inference_exporter.multivariate.fit import scaled
from inference_exporter.values.batch import (
    Batch,
    Bools,
    CategoryColumn,
    Floats,
    Ints,
    NumericColumn,
    Scalar,
    category_name,
)
from inference_exporter.values.profile import CategoricalProfile, FeatureProfile, Multivariate

DISTANCE, ERROR, UNSEEN_SHARE = "outlier_distance", "reconstruction_error", "unseen_share"
STATISTICS = (DISTANCE, ERROR, UNSEEN_SHARE)
PATTERNS = 32
SOLVED = 32
_KEPT = 256  # factorisations that are remembered
_CLIP = 1e6


class Scorer:
    """Scores rows against a fit and the categories of a reference; either may be nothing."""

    def __init__(self, fit: Multivariate | None, features: Mapping[str, FeatureProfile]) -> None:
        self._fit = fit
        self._known = {
            name: _Unseen(profile)
            for name, profile in features.items()
            if isinstance(profile, CategoricalProfile) and profile.samples
        }
        self._inverses: dict[bytes, Floats] = {}
        self._precision: Floats = np.empty((0, 0))
        if fit is not None:
            self._precision = np.linalg.inv(fit.covariance).astype(np.float64)

    def batch(self, batch: Batch) -> dict[str, NumericColumn]:
        """The statistics of a batch."""
        numbers = {n: c.values for n, c in batch.features.items() if isinstance(c, NumericColumn)}
        categories = {
            name: column.values
            for name, column in batch.features.items()
            if isinstance(column, CategoryColumn)
        }
        found = self.score(numbers, categories, batch.rows)
        return {name: NumericColumn(values) for name, values in found.items()}

    def score(
        self,
        numbers: Mapping[str, Floats],
        categories: Mapping[str, Sequence[object]],
        rows: int,
    ) -> dict[str, Floats]:
        """The statistics of some rows, by name, NaN where a row has none."""
        found: dict[str, Floats] = {}
        if self._fit is not None:
            z = self.scaled(numbers, rows)
            found[DISTANCE] = self._distance(z)
            found[ERROR] = self._error(z)
        if self._known:
            found[UNSEEN_SHARE] = self._unseen(categories, rows)
        return found

    def scaled(self, numbers: Mapping[str, Floats], rows: int) -> Floats:
        """The scaled values, (rows, k), clipped."""
        assert self._fit is not None
        fit = self._fit
        z = scaled(numbers, rows, fit.features, fit.centre, fit.scale)
        return np.clip(z, -_CLIP, _CLIP, out=z)

    def _distance(self, z: Floats) -> Floats:
        assert self._fit is not None
        missing = np.isnan(z)
        filled = np.where(missing, 0.0, z)
        pulled: Floats = filled @ self._precision
        whole = (filled * pulled).sum(axis=1)
        lacking = missing.sum(axis=1)
        size = z.shape[1]
        squares = np.full(len(z), np.nan)
        for count in np.unique(lacking).tolist():
            rows = np.flatnonzero(lacking == count)
            if count == 0:
                squares[rows] = whole[rows]
            elif count <= SOLVED:
                at = _places(missing[rows], count)
                found = _forms(self._precision, at, np.take_along_axis(pulled[rows], at, axis=1))
                squares[rows] = np.maximum(whole[rows] - found, 0.0)
            elif 0 < size - count <= SOLVED:
                at = _places(~missing[rows], size - count)
                found = _forms(self._fit.covariance, at, np.take_along_axis(filled[rows], at, 1))
                squares[rows] = found
        rest = np.flatnonzero((lacking > SOLVED) & (size - lacking > SOLVED))
        if len(rest):
            squares[rest] = self._by_pattern(z[rest], missing[rest])
        with np.errstate(invalid="ignore", divide="ignore"):  # rows without values are NaN already
            distances: Floats = np.sqrt(squares / (size - lacking))
        return distances

    def _by_pattern(self, z: Floats, missing: Bools) -> Floats:
        """Squared distances of rows that lack many features and have many."""
        squares = np.full(len(z), np.nan)
        packed = np.packbits(missing, axis=1)
        _, index, counts = np.unique(packed, axis=0, return_inverse=True, return_counts=True)
        for at in np.argsort(-counts, kind="stable")[:PATTERNS].tolist():
            rows = np.flatnonzero(index.ravel() == at)
            squares[rows] = self._of_pattern(z[rows], missing[rows[0]])
        return squares

    def _of_pattern(self, z: Floats, missing: Bools) -> Floats:
        """Squared distances of rows that lack the same features."""
        assert self._fit is not None
        key = missing.tobytes()
        root = self._inverses.get(key)
        if root is None:
            own = self._fit.covariance[np.ix_(~missing, ~missing)]
            root = np.linalg.inv(np.linalg.cholesky(own)).T
            if len(self._inverses) < _KEPT:
                self._inverses[key] = root
        white = z[:, ~missing] @ root
        squares: Floats = (white * white).sum(axis=1)
        return squares

    def _error(self, z: Floats) -> Floats:
        assert self._fit is not None
        missing = np.isnan(z)
        filled = np.where(missing, 0.0, z)
        components = self._fit.components
        rest = filled - (filled @ components.T) @ components
        rest[missing] = 0.0
        present = z.shape[1] - missing.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 is NaN: a row without values
            error: Floats = np.sqrt((rest * rest).sum(axis=1) / present)
        return error

    def _unseen(self, categories: Mapping[str, Sequence[object]], rows: int) -> Floats:
        unseen, present = np.zeros(rows), np.zeros(rows)
        for name, known in self._known.items():
            column = categories.get(name)
            if column is not None:
                marks = known.marks(column)
                unseen += marks == 1
                present += marks >= 0
        with np.errstate(invalid="ignore"):
            return unseen / np.where(present > 0, present, np.nan)


def _places(marks: Bools, count: int) -> Ints:
    """Where each row, (rows, k), has its `count` marks: (rows, count)."""
    places: Ints = np.nonzero(marks)[1].reshape(-1, count)
    return places


def _forms(matrix: Floats, at: Ints, vectors: Floats) -> Floats:
    """Per row v^T M^-1 v, where M is the part of the matrix at the row's places."""
    parts = matrix[at[:, :, None], at[:, None, :]]
    solved = np.linalg.solve(parts, vectors[:, :, None])[:, :, 0]
    forms: Floats = (vectors * solved).sum(axis=1)
    return forms


class _Unseen(dict[Scalar, int]):
    """Raw scalar -> 1 where the reference does not know it, 0 where it does, -1 if absent.

    Only what is known is remembered: what is not is without bound.
    """

    def __init__(self, profile: CategoricalProfile) -> None:
        names = {*profile.categories, *profile.known_others}
        super().__init__(dict.fromkeys(names, 0))
        self._limit = 8 * len(names) + 16
        self._names = frozenset(names)
        self[None] = -1

    def marks(self, column: Sequence[object]) -> Ints:
        """The marks of a column."""
        try:
            return np.fromiter(map(self.__getitem__, column), np.int64, len(column))  # type: ignore[arg-type]
        except TypeError:  # an object or a list among the values of reference data
            plain = [raw if isinstance(raw, str | int | float) else None for raw in column]
            return np.fromiter(map(self.__getitem__, plain), np.int64, len(plain))

    def __missing__(self, raw: object) -> int:
        if not isinstance(raw, str | int | float):
            return -1
        if category_name(raw) not in self._names:
            return 1
        if len(self) < self._limit:
            self[raw] = 0
        return 0
