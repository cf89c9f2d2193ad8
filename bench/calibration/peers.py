"""Default drift rules of three tools, re-implemented from what they publish, on null traffic.

They are our reading of the documents named below, not the tools' code; no tool is run.

- Evidently: with a reference of at most 1,000 rows the two-sample Kolmogorov-Smirnov test at 0.05;
  with more the Wasserstein distance over the reference's standard deviation, drift from 0.1 on.
  A report says dataset drift where half of the columns or more drifted. (Release notes of
  v0.1.50 and "Data drift algorithm" in its documentation.)
- NannyML: Jensen-Shannon distance (base 2) over bins made of the reference by Doane's rule, alert
  above 0.1. (API reference of `UnivariateDriftCalculator`: `jensen_shannon` and
  `ConstantThreshold(upper=0.1)` unless told otherwise; "Univariate drift detection" for the bins.)
- Alibi Detect: Kolmogorov-Smirnov test per feature at 0.05 over the number of features: Bonferroni.
  (API reference of `KSDrift`: `p_val=0.05`, `correction='bonferroni'`.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import kolmogorov

from bench.calibration.sizes import FEATURES, ROWS, Sizes
from bench.result import say
from inference_exporter.values.batch import Bools, Floats

TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Peer:
    """`share` of drift-free windows that alarm, for models of so many features."""

    tool: str
    rows: int
    features: int
    share: float
    found: float  # share of windows in which a feature that moved by a quarter sigma is flagged


def measure(sizes: Sizes) -> list[Peer]:
    """All rules on windows of raw rows, against references of 1,000 and 10,000 rows."""
    result: list[Peer] = []
    random = np.random.default_rng(11)
    small, large = (_reference(random, rows) for rows in (1_000, 10_000))
    histograms = [_histogram(known) for known in large]
    rules: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats, int], Bools]]] = {
        "Evidently, reference of 1,000": (partial(_ks, small), lambda p, _: p < 0.05),
        "Evidently, reference of 10,000": (partial(_wasserstein, large), lambda w, _: w >= 0.1),
        "NannyML": (partial(_jensen_shannon, histograms), lambda js, _: js > 0.1),
        "Alibi Detect": (partial(_ks, large), lambda p, many: p < 0.05 / many),
    }
    for rows in ROWS:
        quiet = [_window(random, rows, 0.0) for _ in range(sizes.peers(rows))]
        moved = _window(random, rows, 0.25)
        for tool, (value, flag) in rules.items():
            values = np.array([value(live) for live in quiet])
            found = value(moved)
            for features in FEATURES:
                share = _any(flag(values, features), features)
                result.append(
                    Peer(tool, rows, features, share, float(flag(found, features).mean()))
                )
        say(f"peers at {rows} rows")
    return result


def _any(flags: Bools, features: int) -> float:
    """Share of windows of models with so many features in which one or more is flagged."""
    return float(flags.reshape(len(flags), -1, features).any(axis=2).mean())


def _reference(random: np.random.Generator, rows: int) -> Floats:
    drawn: Floats = np.sort(random.standard_normal((TOGETHER, rows)), axis=1)
    return drawn


def _window(random: np.random.Generator, rows: int, shift: float) -> Floats:
    drawn: Floats = np.sort(random.standard_normal((TOGETHER, rows)) + shift, axis=1)
    return drawn


def _ks(reference: Floats, live: Floats) -> Floats:
    m, n = reference.shape[1], live.shape[1]
    steps = np.arange(n + 1) / n
    below = np.array(
        [known.searchsorted(now) / m for known, now in zip(reference, live, strict=True)]
    )
    distance = np.maximum((steps[1:] - below).max(axis=1), (below - steps[:-1]).max(axis=1))
    p_values: Floats = kolmogorov(distance * np.sqrt(n * m / (n + m)))
    return p_values


def _wasserstein(reference: Floats, live: Floats) -> Floats:
    """W1 between samples is the mean distance of their quantiles; both on the finer grid."""
    m, n = reference.shape[1], live.shape[1]
    size = max(m, n)
    grid = (np.arange(size) + 0.5) / size
    now = live[:, (grid * n).astype(int)]
    known = reference[:, (grid * m).astype(int)]
    distance: Floats = np.abs(now - known).mean(axis=1) / reference.std(axis=1)
    return distance


def _histogram(known: Floats) -> tuple[Floats, Floats]:
    edges = np.histogram_bin_edges(known, bins="doane")
    return edges, np.append(np.histogram(known, edges)[0] / len(known), 0.0)


def _jensen_shannon(histograms: list[tuple[Floats, Floats]], live: Floats) -> Floats:
    distances = []
    for (edges, q), now in zip(histograms, live, strict=True):
        p = np.histogram(now, edges)[0] / len(now)
        p = np.append(p, max(0.0, 1.0 - p.sum()))  # what lies outside of the reference's range
        half = (p + q) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = np.where(p > 0, p * np.log2(p / half), 0.0)
            parts += np.where(q > 0, q * np.log2(q / half), 0.0)
        distances.append(np.sqrt(max(0.0, float(parts.sum()) / 2)))
    return np.array(distances)
