"""One budget of false alarms a model and month, and what part of it each kind of alert may use.

`thresholds: {false_alarms_per_month: 1}` is a promise about everything that chance can make page.
This is the one place that divides it: every statistical alert takes its level from here, those of
the shipped rules by `inference_threshold{name="false_alarms_<kind>"}`. Parts add up to less than
one, so the alerts together keep the promise however they depend on each other. Drift has most: its
level decides what can be found, while the others ask for a large difference first.
"""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.config.thresholds import in_force

SHARES: Mapping[str, float] = {
    "drift": 0.7,  # decisions on inputs and outputs; a hundredth of it more is for point masses
    "broken": 0.1,  # the fast verdict
    "flawed": 0.04,  # missing, invalid, unseen, out of range, outliers: looked at every minute
    "performance": 0.08,  # every metric of labels, and calibration
    "comparison": 0.02,  # of two versions: a comparison is one test, however often it is looked at
    "estimates": 0.02,  # the same before labels come
    "segments": 0.03,  # gaps of every field, and how alike protected groups are treated
}


def allowed(thresholds: Mapping[str, float], kind: str) -> float:
    """False alarms that alerts of a kind may make in a month of a model, of configured thresholds.

    >>> allowed({}, "drift"), allowed({"false_alarms_per_month": 2.0}, "drift")
    (0.7, 1.4)
    """
    return in_force(thresholds)["false_alarms_per_month"] * SHARES[kind]


def parts(thresholds: Mapping[str, float]) -> dict[str, float]:
    """Every part by the name under which it is published."""
    return {f"false_alarms_{kind}": allowed(thresholds, kind) for kind in SHARES}
