"""The shipped alerts on shares of values that are missing, invalid, unseen or out of range.

As arrays, one minute a row; the expressions are those of
`alert_rules/ruleset/alerts/quality.py`; the alert on outliers has the same form.
"""

from __future__ import annotations

import math

import numpy as np
from alert_rules.ruleset import names

from bench.calibration.alerts.promql import alert
from inference_exporter.config.budget import SHARES
from inference_exporter.values.batch import Bools, Floats

PENDING, KEEP = 10, 30  # minutes
THRESHOLD = 0.05  # missing and out of range; the others are easier to tell from what is usual


def crossed(flawed: Floats, values: Floats, usual: Floats, design: Floats, features: int) -> Bools:
    """Whether the share is too high at each minute.

    `flawed` and `values` (minutes, features) of the last hour, the `usual` share in the reference
    (features,), `design` effects (minutes, replicas, features), NaN before the first decision;
    `features` of one model.
    """
    ratio = flawed / np.maximum(values, 1e-9)
    missing = np.isnan(design)
    published = np.maximum((~missing).sum(axis=1), 1)
    excess = np.where(missing, 0.0, design - 1.0).sum(axis=1) / published  # none: independent
    variance = ratio * (1.0 - ratio) / np.maximum(values, 1e-9)
    noise = sigmas(features) * np.sqrt(variance * (1.0 + excess * design.shape[1]))
    result: Bools = (values >= names.LEAST_ROWS) & (ratio - usual - noise > THRESHOLD)
    return result


def sigmas(features: int) -> float:
    """Standard errors that a share has to have, of `alert_rules/ruleset/budget.py`."""
    looks = names.MINUTES_PER_MONTH * (4 * features + 1)
    return math.sqrt(-2.0 * math.log(2.0 * SHARES["flawed"] / looks))


def fires(crossing: Bools) -> Bools:
    """The alert of a condition (minutes, features)."""
    return alert(crossing, PENDING, KEEP)
