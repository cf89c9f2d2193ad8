"""Drift distances as four other tools publish them, to compare ours with. No tool is run.

They are our reading of the documents named at each function, written anew from the formula; none
of the tools' code is used. Functions take rows per cell, `live` and `known` (the reference), or raw
values where the definition is of raw values. What the documents leave open is said, not guessed.

- Evidently: "Data drift algorithm" and "Options for statistical tests"
  (docs.evidentlyai.com/reference/data-drift-algorithm) name the methods; formulas are in its blog
  and its issues, named below.
- NannyML: "Presenting Univariate Drift Detection Methods" (nannyml.readthedocs.io,
  how_it_works/univariate_drift_detection).
- Azure ML: "Model monitoring with Azure Machine Learning"
  (learn.microsoft.com/azure/machine-learning/concept-model-monitoring) names Jensen-Shannon
  distance, population stability index and normalized Wasserstein distance without a formula. Only
  the smoothing of the index could be verified, in a review; the base of the logarithm, the bins and
  what the Wasserstein distance is divided by could not, so those two are not here.
- Deequ: "Schema for Constraints" of SageMaker Model Monitor, which is built on it
  (docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html), for the names
  `linf_simple` and `linf_robust` and that both are of cumulative distributions. The constant 1.8
  and the rules of the chi-squared test are in no document we found, only in the published source
  (`com.amazon.deequ.analyzers.Distance`, one version of it): read there, written anew.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.values.batch import Floats

EVIDENTLY_EMPTY = 0.0001
DEEQU_C = 1.8


def shares(counts: Floats) -> Floats:
    """Rows per cell over all rows."""
    result: Floats = counts / counts.sum()
    return result


def evidently_psi(live: Floats, known: Floats) -> float:
    """Σ (p - q) ln(p / q), where a share of 0 is replaced by 0.0001.

    The replacement is as reported in evidentlyai/evidently issue 334, "The fixed value for
    feel_zeroes in get_binned_data may lead to deviation in some case". That the shares are not made
    to sum to 1 again is our reading of it.
    """
    p, q = (np.where(one == 0, EVIDENTLY_EMPTY, one) for one in (shares(live), shares(known)))
    return float(((p - q) * np.log(p / q)).sum())


def evidently_edges(reference: Floats, live: Floats) -> Floats:
    """Edges by Sturges' rule over both samples together, as evidently pull request 1873 reports.

    Its API reference (`get_binned_data`) says "based on reference quantiles" instead; the two
    sources disagree, and we could not verify which version does what.
    """
    edges: Floats = np.histogram_bin_edges(np.concatenate([reference, live]), bins="sturges")
    return edges


def evidently_js(live: Floats, known: Floats) -> float:
    """sqrt(½ KL(p‖h) + ½ KL(q‖h)), h = (p + q) / 2, natural logarithms: at most sqrt(ln 2).

    Base and upper end as in evidently issue 494, "Jensen-Shannon distance should be computed using
    base 2 logarithms for it to be bound between 0 and 1", which quotes 0.8325546111576977 for
    samples with nothing in common; so no empty cell is replaced here.
    """
    return float(np.sqrt(_js_divergence(shares(live), shares(known))))


def evidently_wasserstein(reference: Floats, live: Floats) -> float:
    """∫ |F_live - F_ref| dx / std, "Wasserstein distance (normed)".

    Division "by standard deviation" is from Evidently's "Which test is the best? We compared 5
    methods to detect data drift on large datasets". It does not say of which sample; the
    reference's is our reading.
    """
    return nannyml_wasserstein(reference, live) / float(reference.std())


def nannyml_counts(reference: Floats, live: Floats) -> tuple[Floats, Floats]:
    """Rows per cell, live and reference: Doane's bins of the reference, and one cell for the rest.

    "If any data from the chunk sample are outside those ranges a new bin [is] created"; its
    frequency in the reference is 0. Whether one or one at each end is not said: one here. (Columns
    of few distinct values have a bin for each, which is not re-implemented.)
    """
    edges = np.histogram_bin_edges(reference, bins="doane")

    def counted(values: Floats) -> Floats:
        inside = np.histogram(values, edges)[0]
        return np.append(inside, len(values) - inside.sum()).astype(np.float64)

    return counted(live), counted(reference)


def nannyml_js(live: Floats, known: Floats) -> float:
    """sqrt(½ KL(p‖h) + ½ KL(q‖h)), h = (p + q) / 2, in base 2; empty cells as they are.

    The page prints ln and says "ranges between 0 and 1"; only base 2 does so, and is taken here.
    """
    return float(np.sqrt(_js_divergence(shares(live), shares(known)) / np.log(2)))


def nannyml_hellinger(live: Floats, known: Floats) -> float:
    """sqrt(Σ (sqrt p - sqrt q)²) / sqrt 2; empty cells as they are."""
    return float(np.linalg.norm(np.sqrt(shares(live)) - np.sqrt(shares(known))) / np.sqrt(2))


def nannyml_linf(live: Floats, known: Floats) -> float:
    """max |p - q| over the categories of both sides; only for categories."""
    return float(np.abs(shares(live) - shares(known)).max())


def nannyml_chi2(live: Floats, known: Floats) -> float:
    """Σ (x - m)² / m over the contingency table, m from its margins. No pooling of rare cells."""
    table = np.array([live, known])
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(((table - expected) ** 2 / expected).sum())


def nannyml_wasserstein(reference: Floats, live: Floats) -> float:
    """∫ |F_live - F_ref| dx of the raw values, in the unit of the feature.

    The form for references below 10,000 rows; above, it is of equal-width bins.
    """
    at, difference = _cumulative(reference, live)
    return float(np.diff(at) @ difference[:-1])


def azure_psi(live: Floats, known: Floats) -> float:
    """Σ (p - q) ln(p / q) with p = (live + 1) / (n + B), q likewise: Laplace's smoothing.

    From the review of Azure/azureml-assets pull request 909, "Adding Unit Tests for Numerical and
    Categorical Drift Metrics", for categories. The same review shows the numeric form without B in
    the denominator and calls that an error; whether it was corrected is not verified.
    """
    p, q = shares(live + 1), shares(known + 1)
    return float(((p - q) * np.log(p / q)).sum())


def deequ_numeric_linf_simple(reference: Floats, live: Floats) -> float:
    """max |F_live - F_ref|: the distance of Kolmogorov and Smirnov.

    The tool reads F from KLL sketches; here it is exact.
    """
    return float(_cumulative(reference, live)[1].max())


def deequ_categorical_linf_simple(live: Floats, known: Floats) -> float:
    """max |p - q| over the categories of both sides."""
    return nannyml_linf(live, known)


def deequ_linf_robust(simple: float, n: float, m: float) -> float:
    """max(0, simple - 1.8 sqrt((n + m) / (n m))); 1.8 is c(α) at α = 0.003."""
    return max(0.0, simple - DEEQU_C * float(np.sqrt((n + m) / (n * m))))


def deequ_chi2(live: Floats, known: Floats) -> float:
    """Σ (x - e)² / e with e = reference share × live rows: goodness of fit.

    Only over categories of the reference: rows of others are in neither x nor the live rows. Its
    merging of rare categories (more than 20 % of expected counts below 5) is not re-implemented,
    nor its p-value, which is not the same in all versions.
    """
    there = known > 0
    observed = live[there]
    expected = shares(known[there]) * observed.sum()
    return float(((observed - expected) ** 2 / expected).sum())


def _js_divergence(p: Floats, q: Floats) -> float:
    """In nats."""
    half = (p + q) / 2
    return (_kl(p, half) + _kl(q, half)) / 2


def _kl(p: Floats, q: Floats) -> float:
    filled = p > 0
    return float((p[filled] * np.log(p[filled] / q[filled])).sum())


def _cumulative(reference: Floats, live: Floats) -> tuple[Floats, Floats]:
    """All values in order, and |F_live - F_ref| at and after each."""
    at = np.sort(np.concatenate([reference, live]))
    below = [
        np.searchsorted(np.sort(one), at, side="right") / len(one) for one in (live, reference)
    ]
    difference: Floats = np.abs(below[0] - below[1])
    return at, difference
