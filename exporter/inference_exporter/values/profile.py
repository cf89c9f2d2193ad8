"""What normal is, as pure data: the reference profile and the bins it fixes.

Built, loaded and saved by `reference/`; read by accumulators, statistics and the evaluation.

A numeric feature has a *fine* grid of about 100 cells whose edges contain the edges of the about
10 *exported* bins, so that counts of exported bins are sums of counts of fine cells. Edges are
upper bounds: a value at an edge belongs to the lower bin; the outer bins are open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from inference_exporter.values.batch import Floats, Ints
from inference_exporter.values.importance import Importance
from inference_exporter.values.losses import LossTable
from inference_exporter.values.seasons import Seasons, Times
from inference_exporter.values.segment_profiles import SegmentProfiles

OTHER = "other"  # categories the reference knows but does not list
UNSEEN = "unseen"  # categories the reference does not know


@dataclass(frozen=True, slots=True)
class NumericProfile:
    """The reference distribution of a numeric feature or output.

    `edges` (B-1,) exported edges and `fine_edges` (F-1,) local edges, ascending, every exported
    edge among the fine ones; `counts` (F,) rows and `means` (F,) mean value per fine cell (NaN
    where a cell is empty); `minimum` … `std` of all finite values; `missing` and `invalid` rows.
    """

    edges: Floats
    fine_edges: Floats
    counts: Floats
    means: Floats
    minimum: float
    maximum: float
    mean: float
    std: float
    missing: int = 0
    invalid: int = 0

    @property
    def samples(self) -> float:
        """Rows with a usable value."""
        return float(self.counts.sum())

    @property
    def bins(self) -> tuple[str, ...]:
        """Names of the exported bins: `00`, `01`, and so on."""
        return tuple(f"{index:02d}" for index in range(len(self.edges) + 1))

    @property
    def cell_counts(self) -> Floats:
        """Reference counts per cell of `bins`, (B,)."""
        return self.coarse(self.counts)

    def coarse(self, fine: Floats) -> Floats:
        """Sum counts of fine cells, shape (..., F), into exported bins, shape (..., B)."""
        starts = np.concatenate(([0], np.searchsorted(self.fine_edges, self.edges) + 1))
        return np.add.reduceat(fine, starts, axis=-1)


@dataclass(frozen=True, slots=True)
class CategoricalProfile:
    """The reference distribution of a categorical feature or output.

    `categories` (K,) in the order of export with their `counts` (K,); `other` categories that are
    known but not listed, with `other_count` rows; `known_others` holds their names so that a live
    value can be told from an unseen one.

    `overflow` rows had a category beyond the number of names that a profile keeps (10,000). Live
    rows with such a category are counted as `unseen`, so these are the reference's share of it.
    """

    categories: tuple[str, ...]
    counts: Floats
    known_others: frozenset[str] = frozenset()
    other_count: int = 0
    missing: int = 0
    invalid: int = 0
    overflow: int = 0

    @property
    def samples(self) -> float:
        """Rows with a usable value."""
        return float(self.counts.sum()) + self.other_count + self.overflow

    @property
    def bins(self) -> tuple[str, ...]:
        """Cells: the listed categories, `other` where the reference has more, `unseen` always."""
        other = (OTHER,) if self.known_others else ()
        return (*self.categories, *other, UNSEEN)

    @property
    def cell_counts(self) -> Floats:
        """Reference counts per cell of `bins`; `unseen` is 0 unless there was an overflow."""
        other = [float(self.other_count)] if self.known_others else []
        return np.concatenate((self.counts, other, [float(self.overflow)]))


FeatureProfile = NumericProfile | CategoricalProfile


def by_key(
    features: Mapping[str, FeatureProfile], outputs: Mapping[str, FeatureProfile]
) -> dict[str, FeatureProfile]:
    """Profiles by `feature/name` and `output/name`."""
    return {
        **{f"feature/{name}": one for name, one in features.items()},
        **{f"output/{name}": one for name, one in outputs.items()},
    }


@dataclass(frozen=True, slots=True)
class Multivariate:
    """What predictions are compared with as a whole; see `multivariate/`.

    For k numeric `features`: `centre` (k,) medians and `scale` (k,), `covariance` (k, k) of the
    scaled values, `components` (p, k) orthonormal rows. `quantile` is the outlier distance that
    1 in 1,000 rows of the reference exceed.
    """

    features: tuple[str, ...]
    centre: Floats
    scale: Floats
    covariance: Floats
    components: Floats
    quantile: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a score to the probability of the positive class, learned from labelled rows.

    `scores` and `probabilities` (K,): knots, linear between and constant beyond; none where
    scores are best taken as they are. `rows` (B,): labelled rows per bin of the score between
    `edges` (B-1,), upper bounds: finer than the 20 equal bins, where the reference's scores are.
    `error_before`, `error_after`: expected calibration error of left-out rows without and with it.
    """

    negative: str
    positive: str
    scores: Floats
    probabilities: Floats
    edges: Floats
    rows: Floats
    error_before: float
    error_after: float

    def probability(self, score: Floats) -> Floats:
        """The probabilities of scores in [0, 1]."""
        if not len(self.scores):
            return score
        found: Floats = np.interp(score, self.scores, self.probabilities)
        return found


@dataclass(frozen=True, slots=True)
class ClassCalibration:
    """From the probabilities of more than two classes to such that come true, from labelled rows.

    Per class the knots of `scores` and `probabilities` as in `Calibration`, one against the rest;
    then those of `top`: from the probability of the predicted class, whichever it is, once all sum
    to 1, to how often it comes true. `rows` (classes,): labelled rows by predicted class;
    `error_before`, `error_after` (classes + 1,): of each class, and of the predicted one.
    """

    classes: tuple[str, ...]
    scores: tuple[Floats, ...]
    probabilities: tuple[Floats, ...]
    top: tuple[Floats, Floats]
    rows: Floats
    error_before: Floats
    error_after: Floats

    def calibrated(self, values: Floats, predicted: Ints) -> Floats:
        """Probabilities (rows, classes) that sum to 1, of rows with these predicted columns."""
        found = values.copy()
        for at, (xs, ys) in enumerate(zip(self.scores, self.probabilities, strict=True)):
            if len(xs):
                found[:, at] = np.interp(values[:, at], xs, ys)
        found = summing_to_one(found, values)
        if not len(self.top[0]):
            return found
        own = np.take_along_axis(found, predicted[:, None], axis=1)
        truer = np.interp(own, *self.top)
        rest = 1 - own  # which is shared out among the others as before; alike if there is none
        alike = np.full(found.shape, 1 / (found.shape[1] - 1))
        found = np.divide(found, rest, out=alike, where=np.broadcast_to(rest > 0, found.shape))
        shares: Floats = found * (1 - truer)
        np.put_along_axis(shares, predicted[:, None], truer, axis=1)
        return shares


def summing_to_one(values: Floats, otherwise: Floats) -> Floats:
    """Rows divided by their sum; where that is 0, the other rows."""
    sums = np.broadcast_to(values.sum(axis=1, keepdims=True), values.shape)
    found: Floats = np.divide(values, sums, out=otherwise.copy(), where=sums > 0)
    return found


@dataclass(frozen=True, slots=True)
class Reference:
    """The profile of one model's reference data.

    `fingerprint` is a short hash of everything that decides what the counts mean (bins, not
    counts of time): the `reference` label. `performance` maps (metric, class) to its value on the
    reference data, empty where it had no labels. `created` is seconds since the Unix epoch.
    """

    model: str
    rows: int
    created: float
    fingerprint: str
    task: str  # "classification" or "regression"
    features: Mapping[str, FeatureProfile]
    outputs: Mapping[str, FeatureProfile] = field(default_factory=dict)
    classes: tuple[str, ...] = ()  # classes seen in predictions and labels, sorted
    performance: Mapping[tuple[str, str], float] = field(default_factory=dict)
    performance_samples: int = 0
    performance_intervals: Mapping[tuple[str, str], tuple[float, float]] = field(
        default_factory=dict
    )  # at 95 %, where they are known
    performance_binned: Mapping[tuple[str, str], float] = field(
        default_factory=dict
    )  # of scores rounded to the 20 bins of the counters
    source: str = ""  # the file it was built from, or "warm-up"
    rejected: int = 0  # lines of the reference data that could not be read
    calibration: Calibration | None = None  # None: too few labelled scores, or more than 2 classes
    class_calibration: ClassCalibration | None = None  # of the probabilities of more classes
    losses: LossTable | None = None  # None: too few labelled numbers
    estimate_errors: Mapping[str, float] = field(
        default_factory=dict
    )  # by metric: standard deviation of estimates against labels over time, beyond chance
    multivariate: Multivariate | None = None
    centroids: Mapping[str, Floats] = field(default_factory=dict)  # of derived features
    times: Times | None = None  # None: the data had no times
    seasons: Seasons | None = None  # None: built without `season:`, or without times
    importance: Importance | None = None  # None: no score, and no number that is predicted
    segments: SegmentProfiles = field(default_factory=dict)  # those with labels enough
