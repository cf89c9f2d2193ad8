"""How much worse a metric may be than on its reference, where no threshold says it.

At most so much, and at most a quarter of the reference: a model whose precision is 0.04, because
positives are rare, is not allowed to lose all of it. The shipped rules have the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.config.thresholds import in_force

DROPS: Mapping[str, float] = {
    "accuracy": 0.05, "precision": 0.1, "recall": 0.1, "f1": 0.1, "roc_auc": 0.05,
    "average_precision": 0.1, "r2": 0.1,
}  # fmt: skip
GROWTHS = ("brier_score", "log_loss", "mae", "rmse", "mape")
GROWTH = 1.25
_PART = 4


def allowed(metric: str, reference: float, thresholds: Mapping[str, float]) -> float | None:
    """How much worse than `reference` is allowed; None for a metric without a limit.

    >>> allowed("recall", 0.2, {}), allowed("recall", 0.2, {"recall_drop": 0.1})
    (0.05, 0.1)
    >>> allowed("mae", 8.0, {})
    2.0
    """
    known = in_force(thresholds)
    if metric in DROPS:
        most = DROPS[metric]
        least = most if metric == "r2" else min(most, reference / _PART)
        return known.get(f"{metric}_drop", least)
    if metric in GROWTHS:
        name = "regression_error_growth" if metric == "mae" else f"{metric}_growth"
        return (known.get(name, GROWTH) - 1) * reference
    return None
