"""Where gauges by segment go: one field, one version, one window at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from inference_exporter.performance.groups import Measured
from inference_exporter.results.judge import Verdict
from inference_exporter.values.samples import Labels
from inference_exporter.values.tally import Tally

Family = tuple[str, tuple[str, ...]]  # name, and names of labels beyond those of the family
Gauges = dict[Family, dict[Labels, float]]
ByValue = Mapping[str, Tally]  # counts of a window by the value of one segment


@dataclass(slots=True)
class Page:
    """Where gauges about one field, version and window go."""

    base: Labels  # model and version
    window: str
    name: str  # of the field
    gauges: Gauges = field(default_factory=dict)
    design: float = 1.0  # rows that are worth one

    def put(self, family: str, *labels: str, number: float) -> None:
        """A gauge about the field as a whole."""
        self.gauges.setdefault((family, ()), {})[*self.base, *labels] = float(number)

    def put_of(self, value: str, family: str, labels: Labels, number: float) -> None:
        """A gauge about one segment; `labels` are those of the family."""
        series = self.gauges.setdefault((family, ("segment", self.name)), {})
        series[*labels, self.segment(value), value] = float(number)

    def segment(self, value: str) -> str:
        """The value of the label `segment`."""
        return f"{self.name}={value}"


def measured(verdict: Verdict, key: tuple[str, str]) -> Measured | None:
    """A metric of a verdict, by its name and class."""
    value = verdict.metrics.get(key, math.nan)
    interval = verdict.intervals.get(key)
    if not math.isfinite(value) or not verdict.samples:
        return None
    usable = interval is not None and all(map(math.isfinite, interval))
    return Measured(value, interval if usable else None, verdict.samples)
