r"""Location, scale, covariance and principal components of reference data, in one pass.

Location is the median and scale the interquartile range / 1.349 (the standard deviation where more
than half of the values are equal), so that outliers in the reference do not hide those in the
traffic. The covariance of the scaled values z, clipped at 5 and -5 and 0 where missing, is shrunk
towards a multiple of the identity by Ledoit and Wolf (2004), about the median:

.. math::
    \Sigma = (1 - \lambda) S + \lambda \frac{\operatorname{tr} S}{k} I, \quad
    \lambda = \min\left(1, \frac{\sum_i \|z_i\|^4 / n^2 - \|S\|^2 / n}
                                {\|S - \operatorname{tr}(S) I / k\|^2}\right)

Entries of S are means over the rows in which both features are present; should that not be positive
definite, eigenvalues are raised to a hundredth of their mean.

References
----------
O. Ledoit and M. Wolf. A well-conditioned estimator for large-dimensional covariance matrices.
Journal of Multivariate Analysis 88, 2004, pp. 365-411.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import Multivariate

MOST_FEATURES = 200  # the covariance has their square
LEAST_ROWS = 100
_CLIP = 5.0
_EXPLAINED = 0.8  # share of the variance that the components are to explain
_FLOOR = 0.01


class Fit:
    """Takes in blocks of columns; `scales` maps features to their (centre, scale)."""

    def __init__(self, scales: Mapping[str, tuple[float, float]]) -> None:
        usable = [(n, c, s) for n, (c, s) in scales.items() if np.isfinite([c, s]).all() and s > 0]
        usable = usable[:MOST_FEATURES]
        self.features = tuple(name for name, _, _ in usable)
        self.centre = np.array([centre for _, centre, _ in usable])
        self.scale = np.array([scale for _, _, scale in usable])
        size = len(usable)
        self._products, self._pairs = np.zeros((size, size)), np.zeros((size, size))
        self._fourth, self._rows = 0.0, 0

    def add(self, columns: Mapping[str, Floats], rows: int) -> None:
        """Take in a block; NaN is missing, as is a column that is not there."""
        z = scaled(columns, rows, self.features, self.centre, self.scale)
        present = ~np.isnan(z)
        z = np.clip(np.where(present, z, 0.0), -_CLIP, _CLIP)
        mask = present.astype(np.float64)
        self._products += z.T @ z
        self._pairs += mask.T @ mask
        self._fourth += float(((z * z).sum(axis=1) ** 2).sum())
        self._rows += rows

    def result(self) -> Multivariate | None:
        """What was fitted, but for the quantile; None with less than two features or 100 rows."""
        if len(self.features) < 2 or self._rows < LEAST_ROWS:
            return None
        covariance = self.covariance()
        values, vectors = np.linalg.eigh(covariance)
        shares = np.cumsum(values[::-1]) / values.sum()
        count = min(int(np.searchsorted(shares, _EXPLAINED)) + 1, len(values) - 1)
        components = vectors[:, ::-1][:, :count].T
        return Multivariate(
            self.features, self.centre, self.scale, covariance, components.copy(), np.inf
        )

    def covariance(self) -> Floats:
        """The shrunk covariance of the scaled values."""
        n, size = float(self._rows), len(self.features)
        sample = self._products / np.maximum(self._pairs, 1.0)
        target = np.trace(sample) / size * np.eye(size)
        distance = float(((sample - target) ** 2).sum())
        noise = self._fourth / (n * n) - float((sample**2).sum()) / n
        weight = min(1.0, max(0.0, noise) / distance) if distance else 1.0
        shrunk: Floats = (1.0 - weight) * sample + weight * target
        values, vectors = np.linalg.eigh(shrunk)
        floor = _FLOOR * max(float(values.mean()), 1e-12)
        if values[0] >= floor:
            return shrunk
        raised: Floats = (vectors * np.maximum(values, floor)) @ vectors.T
        return (raised + raised.T) / 2.0


def scaled(
    columns: Mapping[str, Floats],
    rows: int,
    features: tuple[str, ...],
    centre: Floats,
    scale: Floats,
) -> Floats:
    """Columns as a table of scaled values, (rows, k), NaN where missing."""
    table = np.full((len(features), rows), np.nan)
    for at, name in enumerate(features):
        values = columns.get(name)
        if values is not None:
            table[at] = values
    with np.errstate(over="ignore"):
        return ((table - centre[:, None]) / scale[:, None]).T
