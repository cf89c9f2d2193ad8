"""Rows as a whole in reference data: a pass for the fit, and one for its own distribution.

The statistics of rows (`multivariate/`) become outputs of the reference, so that they are binned,
exported and tested for drift like the score. Edges of distances come from a sketch and so do their
counts (rank error as in `sketch`; exact up to 32,767 rows); the share of unseen categories, which
is 0 in nearly all of the reference, has fixed bins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from inference_exporter.multivariate import DISTANCE, STATISTICS, UNSEEN_SHARE, Fit, Scorer
from inference_exporter.reference.files.fingerprint import fingerprint
from inference_exporter.reference.profiling.grid import edges_of
from inference_exporter.reference.profiling.sketch import QuantileSketch
from inference_exporter.reference.reading.columns import numeric
from inference_exporter.reference.reading.roles import Block
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import (
    FeatureProfile,
    Multivariate,
    NumericProfile,
    Reference,
)

OUTLIER = 0.999  # quantile of the outlier distance past which a prediction is an outlier
_NORMAL = 1.3489795003921634  # interquartile range of a standard normal distribution
_SHARES = np.array([0.0, 0.1, 0.5])  # exported edges of the share of unseen categories


def scales(
    sketches: Mapping[str, QuantileSketch], features: Mapping[str, FeatureProfile]
) -> dict[str, tuple[float, float]]:
    """Median and interquartile range / 1.349 (or standard deviation) of the numeric features."""
    found = {}
    for name, profile in features.items():
        sketch = sketches.get(name)
        if sketch is None or not isinstance(profile, NumericProfile) or not sketch.count:
            continue
        low, middle, high = sketch.quantiles(np.array([0.25, 0.5, 0.75])).tolist()
        spread = (high / _NORMAL - low / _NORMAL) or profile.std
        found[name] = (middle, spread)
    return found


def fitted(
    blocks: Iterable[Block], ranges: Mapping[str, tuple[float, float]]
) -> Multivariate | None:
    """A pass that fits location, scale and covariance."""
    fit = Fit(ranges)
    for block in blocks:
        fit.add(numbers_of(block, fit.features), block.rows)
    return fit.result()


def numbers_of(block: Block, names: Iterable[str]) -> dict[str, Floats]:
    """Columns of a block as numbers."""
    return {name: numeric(block.features[name]).values for name in names if name in block.features}


def with_whole(
    reference: Reference,
    blocks: Iterable[Block],
    fit: Multivariate | None,
    bins: Reference | None = None,
) -> Reference:
    """The reference with the statistics of its rows among the outputs: another pass."""
    scorer = Scorer(fit, reference.features)
    names = fit.features if fit else ()
    censuses: dict[str, _ScoreCensus] = {}
    for block in blocks:
        found = scorer.score(numbers_of(block, names), block.features, block.rows)
        for name, values in found.items():
            censuses.setdefault(name, _ScoreCensus()).add(values)
    outputs = dict(reference.outputs)
    fixed = bins.outputs if bins and bins.multivariate else {}
    quantile = np.inf
    for name, census in censuses.items():
        if not census.sketch.count:
            continue
        if name == DISTANCE:
            known = bins.multivariate.quantile if bins and bins.multivariate else None
            quantile = census.quantile() if known is None else known
        profile = census.profile(name, reference.rows, quantile, fixed.get(name))
        outputs[name] = profile
    whole = None if fit is None else replace(fit, quantile=float(quantile))
    found_reference = replace(reference, outputs=outputs, multivariate=whole)
    return replace(found_reference, fingerprint=fingerprint(found_reference))


def without_whole(reference: Reference) -> Reference:
    """The reference without the statistics of rows; its fingerprint stays that of the file."""
    outputs = {name: one for name, one in reference.outputs.items() if name not in STATISTICS}
    return replace(reference, outputs=outputs, multivariate=None)


class _ScoreCensus:
    """One statistic of the rows of the reference."""

    def __init__(self) -> None:
        self.sketch = QuantileSketch()
        self._sum = self._squares = 0.0

    def add(self, values: Floats) -> None:
        """Take in a block, NaN for none."""
        values = values[np.isfinite(values)]
        self.sketch.add(values)
        self._sum += float(values.sum())
        self._squares += float(values @ values)

    def quantile(self) -> float:
        """The distance past which a row is an outlier."""
        return float(self.sketch.quantiles(np.array([OUTLIER]))[0])

    def profile(
        self, name: str, rows: int, quantile: float, fixed: FeatureProfile | None
    ) -> NumericProfile:
        """Its profile; `quantile` is among the fine edges of the outlier distance."""
        edges, fine_edges = self._edges(name, quantile, fixed)
        values, weights = self.sketch.weighted()
        index = np.searchsorted(fine_edges, values)
        size = len(fine_edges) + 1
        counts = np.bincount(index, weights, minlength=size).astype(np.float64)
        means = np.bincount(index, values * (weights / counts[index]), minlength=size)
        mean = self._sum / self.sketch.count
        variance = max(0.0, self._squares / self.sketch.count - mean * mean)
        return NumericProfile(
            edges=edges,
            fine_edges=fine_edges,
            counts=counts,
            means=np.where(counts > 0, means, np.nan),
            minimum=self.sketch.minimum,
            maximum=self.sketch.maximum,
            mean=mean,
            std=float(np.sqrt(variance)),
            missing=rows - self.sketch.count,
        )

    def _edges(
        self, name: str, quantile: float, fixed: FeatureProfile | None
    ) -> tuple[Floats, Floats]:
        if isinstance(fixed, NumericProfile):
            return fixed.edges, fixed.fine_edges
        if name == UNSEEN_SHARE:
            below = np.nextafter(0.0, -np.inf)
            return _SHARES, np.concatenate(([below], np.arange(11) / 10.0))
        edges, fine = edges_of(self.sketch)
        if name == DISTANCE:
            fine = np.unique(np.append(fine, quantile))
        return edges, fine
