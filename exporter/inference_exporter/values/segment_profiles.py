"""What normal is of a part of the rows: how good the model was for it on the reference data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inference_exporter.values.batch import Floats


@dataclass(frozen=True, slots=True)
class SegmentProfile:
    """Labelled rows of one segment, and by (metric, class) values and 95 % intervals.

    `cells` are its rows by exported bin, (B,) by `feature/name` and `output/name`, where drift is
    looked for by segment. `estimate_bias` is by metric how much higher the estimate of all rows'
    calibration is than what came out in the segment, and its standard error.

    ROC AUC and average precision are those of scores in the 20 bins of the counters, as they are
    worked out of live segments.
    """

    samples: int
    performance: Mapping[tuple[str, str], float] = field(default_factory=dict)
    intervals: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    cells: Mapping[str, Floats] = field(default_factory=dict)
    estimate_bias: Mapping[str, tuple[float, float]] = field(default_factory=dict)


SegmentProfiles = Mapping[str, Mapping[str, SegmentProfile]]  # by field, then by value
