"""(reference, current) -> a number. Pure functions of counts; one drift statistic a file.

`STATISTICS` is the table of those in `drift/`, by name; a test holds it against the folder.
"""

from inference_exporter.performance import classification_metrics, regression_metrics
from inference_exporter.statistics.base import (
    Comparison,
    Distribution,
    Expectation,
    Result,
    Statistic,
    comparison_categorical,
    comparison_numeric,
)
from inference_exporter.statistics.drift.chi2 import ChiSquared
from inference_exporter.statistics.drift.hellinger import Hellinger
from inference_exporter.statistics.drift.js import JensenShannon
from inference_exporter.statistics.drift.kl import KullbackLeibler
from inference_exporter.statistics.drift.ks import KolmogorovSmirnov
from inference_exporter.statistics.drift.linf import LargestDifference
from inference_exporter.statistics.drift.mean_shift import MeanShift
from inference_exporter.statistics.drift.psi import PopulationStabilityIndex
from inference_exporter.statistics.drift.std_ratio import StandardDeviationRatio
from inference_exporter.statistics.drift.tvd import TotalVariation
from inference_exporter.statistics.drift.wasserstein import Wasserstein
from inference_exporter.statistics.quantiles import histogram_quantiles

STATISTICS: dict[str, Statistic] = {
    "psi": PopulationStabilityIndex(),
    "js": JensenShannon(),
    "ks": KolmogorovSmirnov(),
    "wasserstein": Wasserstein(),
    "chi2": ChiSquared(),
    "kl": KullbackLeibler(),
    "hellinger": Hellinger(),
    "tvd": TotalVariation(),
    "linf": LargestDifference(),
    "mean_shift": MeanShift(),
    "std_ratio": StandardDeviationRatio(),
}

__all__ = [
    "STATISTICS",
    "Comparison",
    "Distribution",
    "Expectation",
    "Result",
    "Statistic",
    "classification_metrics",
    "comparison_categorical",
    "comparison_numeric",
    "histogram_quantiles",
    "regression_metrics",
]
