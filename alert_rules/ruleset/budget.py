"""The model's budget of false alarms as standard errors: what alerts of a kind have to exceed.

Exporters divide the budget and publish the parts, false alarms a month, as
`inference_threshold{name="false_alarms_<kind>"}`. Here a part is shared out among what is looked
at, and how often. Sliding hours are as many separate looks as there are evaluations, at most.
Sliding days are fewer: within a window's length the largest of all looks exceeds a high z about z
squared times as often as one look does, 25 times in a day at z = 5, which is 750 looks a month.
"""

from __future__ import annotations

from collections.abc import Iterator

from alert_rules.ruleset import names
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Recording

_FLAWS = 4  # missing, invalid, unseen, out of range; outliers are one more input
_PREDICTIONS = "model_version:inference_predictions:increase1h"
_VALUES = "model_version_feature:inference_feature_values:increase1h"
REFERENCE = "model_version_metric_class:inference_performance_reference:max"
_ESTIMATED = ("accuracy", "precision", "recall", "f1")


def sigmas() -> Iterator[Recording]:
    """One series by kind of alert and version."""
    m = by(*M)
    looks = names.LOOKS_PER_MONTH
    inputs = f"(count by ({m}) ({_VALUES}) or 0 * {_PREDICTIONS})"
    metrics = f"count by ({m}) ({REFERENCE})"
    estimated = f'count by ({m}) ({REFERENCE}{{metric=~"{"|".join(_ESTIMATED)}"}})'
    windows = len(names.LABEL_WINDOWS)
    for kind, tests in (
        ("flawed", f"{names.MINUTES_PER_MONTH} * ({_FLAWS} * {inputs} + 1)"),
        ("performance", f"{looks * windows} * ({metrics} + 1)"),  # and calibration
        ("estimates", f"{looks} * {estimated}"),
    ):
        yield Recording(names.sigmas(kind), _sigmas(kind, tests))


def _sigmas(kind: str, tests: str) -> str:
    """sqrt(-2 ln 2a), above the normal quantile of every level a (Chernoff)."""
    m = by(*M)
    part = (
        f"({names.threshold(f'false_alarms_{kind}')}\n"
        f"  or on ({by('model')}) {names.UNSAID:g} * group by ({by('model')}) ({tests}))"
    )
    return (
        f"sqrt(-2 * ln(2 * clamp_max(\n{part}\n/ on ({by('model')}) group_right ()\n"
        f"sum by ({m}) ({tests}), 0.05)))"
    )
