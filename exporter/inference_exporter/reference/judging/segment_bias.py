"""What estimates by the calibration of all rows are off by in a segment of them.

One calibration says of a score how often it comes true on average. In a segment that is harder than
others it comes true more seldom, so the segment would be estimated as if it were like all. On the
labelled reference both are known, what it estimates and what came out, and the difference is
taken off live estimates.
"""

from __future__ import annotations

import math

from inference_exporter.performance import moments
from inference_exporter.reference.judging.chunks import LabelledScores, expected_of, realised_of
from inference_exporter.values.profile import Calibration


def estimate_bias(rows: LabelledScores, known: Calibration) -> dict[str, tuple[float, float]]:
    """By metric the estimate less the outcome, and one standard error of that by chance."""
    if not len(rows.score):
        return {}
    expected = expected_of(rows, known.probability(rows.score), known, known.rows)
    truth = realised_of(rows, known)
    return {
        metric: (value - truth[metric], math.sqrt(variance))
        for metric, (value, variance) in moments(expected, None, ("0", "1")).items()
        if metric in truth and 0 <= variance < math.inf
    }
