"""Champion and challenger: two versions of a model side by side, looked at as often as one likes.

measure    what a labelled row is worth in the metric that is compared
agreement  whether both answer alike, with or without labels
contest    sums of both sides, the interval of their difference, and when it was decided
published  what is on the page about it
"""

from inference_exporter.versions.agreement import Agreement
from inference_exporter.versions.contest import Contest, Decision, Finding, Rules
from inference_exporter.versions.measure import Measure, measure_of
from inference_exporter.versions.published import published

__all__ = [
    "Agreement",
    "Contest",
    "Decision",
    "Finding",
    "Measure",
    "Rules",
    "measure_of",
    "published",
]
