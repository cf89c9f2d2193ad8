"""Labels by the time of their predictions, as counts that add up over replicas."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from inference_exporter.values.samples import Labels

MAX_CLASSES = 10  # a hundred series a version and window


def put_cohort(
    put: Callable[[str, Labels, float], None],
    base: Labels,
    window: str,
    counted: Mapping[tuple[str, str], float] | float,
) -> None:
    """The gauges of one window; of more than `MAX_CLASSES` classes none."""
    if isinstance(counted, float):
        if math.isfinite(counted):
            put("inference_cohort_absolute_error", (*base, window), counted)
    elif len({name for pair in counted for name in pair}) <= MAX_CLASSES:
        for pair, rows in counted.items():
            put("inference_cohort_outcomes", (*base, *pair, window), rows)
