"""What the reference's ROC AUC and average precision are at the 20 bins of the counters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from inference_exporter.performance import SCORE_BINS, ranked_metrics
from inference_exporter.performance.scores import bin_of
from inference_exporter.values.profile import Reference


def binned_performance(reference: Reference) -> Mapping[tuple[str, str], float]:
    """As the profile says; of one that an earlier version built, by its calibration.

    That has rows by fine bins, and how often the positive class comes at a score. What the metric
    loses by 20 bins is the difference between both, and is taken from the profile's value.
    """
    known, calibration = reference.performance_binned, reference.calibration
    if known or calibration is None:
        return known
    ends = np.concatenate(([0.0], calibration.edges, [1.0]))
    middle = (ends[1:] + ends[:-1]) / 2
    positives = calibration.rows * calibration.probability(middle)
    fine = np.stack((calibration.rows - positives, positives))
    at = bin_of(middle)
    coarse = np.stack([np.bincount(at, side, minlength=SCORE_BINS) for side in fine])
    before, after = ranked_metrics(*fine), ranked_metrics(*coarse)
    return {
        key: reference.performance[key] - (before[key] - after[key])
        for key in after
        if key in reference.performance
    }
