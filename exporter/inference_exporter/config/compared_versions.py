"""What `compare_versions:` of a model says, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompareVersions:
    """Two versions of a model side by side (docs/versions.md).

    `alpha` is the probability that they are ever said to differ by chance; None: the model's part
    of its budget of false alarms. `margin` is what does not matter, in the unit of the metric.
    `planned` labelled rows (pairs, where `paired`) are when the interval is tightest. Predictions
    before `since`, epoch seconds, do not count; None: before the first one of the challenger.
    """

    champion: str
    challenger: str
    metric: str
    paired: bool = False
    alpha: float | None = None
    margin: float = 0.0
    planned: int = 5000
    since: float | None = None
