"""Predictions as a whole against the reference: how far out they are, and how unlike anything.

`fit` makes a `Multivariate` of reference data, `score` turns the features of a batch into numbers
per row: the outlier distance, the reconstruction error and the share of unseen categories.
`similar` finds bursts of near-identical inputs.
"""

from inference_exporter.multivariate.fit import Fit
from inference_exporter.multivariate.score import DISTANCE, ERROR, STATISTICS, UNSEEN_SHARE, Scorer
from inference_exporter.multivariate.similar import SimilarInputs

__all__ = ["DISTANCE", "ERROR", "STATISTICS", "UNSEEN_SHARE", "Fit", "Scorer", "SimilarInputs"]
