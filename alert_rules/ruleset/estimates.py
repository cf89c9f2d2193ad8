"""Recording rules before any label comes: expected outcomes, errors to expect, outliers.

Sums of calibrated probabilities are counters, so they add up over replicas like counts. They
assume that inputs mean what they meant: concept drift is invisible to them.
"""

from __future__ import annotations

from collections.abc import Iterator

from alert_rules.ruleset import names
from alert_rules.ruleset.bins import level_one, over
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Recording
from alert_rules.ruleset.settings import Settings

_CELLS = "model_version_predicted_actual"
_OUTCOMES = "inference_expected_outcomes"
_SUMS = ("inference_expected_absolute_error", "inference_expected_squared_error")
_PREDICTIONS = "model_version:inference_predictions"
_OUTLIERS = "model_version:inference_outliers"


def first_level(settings: Settings) -> tuple[Recording, ...]:
    """Expected outcomes a minute."""
    cells = (*M, "predicted", "actual")
    return (
        level_one(settings, _CELLS, f"{_OUTCOMES}_total", *cells),
        level_one(settings, _CELLS, f"{_OUTCOMES}_variance_total", *cells),
        *(level_one(settings, "model_version", f"{name}_total", *M) for name in _SUMS),
        level_one(settings, "model_version", "inference_predictions_total", *M),
        level_one(settings, "model_version", "inference_outliers_total", *M),
    )


def windowed(settings: Settings, window: str) -> Iterator[Recording]:
    """Everything about one window."""
    for series in (_PREDICTIONS, _OUTLIERS, *(f"model_version:{name}" for name in _SUMS)):
        yield Recording(f"{series}:increase{window}", over(settings, series, window))
    squares = "model_version:inference_prediction_weight_squared"
    yield Recording(f"{squares}:increase{window}", over(settings, squares, window))
    yield Recording(
        names.weight_design(window),
        f"{squares}:increase{window} / ({_PREDICTIONS}:increase{window} > 0)",
    )
    yield Recording(names.rows_design(window), _rows_design(window))
    rows = f"({_PREDICTIONS}:increase{window} >= {names.LEAST_ROWS})"
    yield from _accuracy(settings, window)
    absolute, squared = (f"model_version:{name}:increase{window}" for name in _SUMS)
    yield Recording(names.estimate("mae", window), f"{absolute} / {rows}")
    yield Recording(names.estimate("rmse", window), f"sqrt({squared} / {rows})")
    yield Recording(f"{_OUTLIERS}:ratio{window}", f"{_OUTLIERS}:increase{window} / {rows}")


def _rows_design(window: str) -> str:
    """Of outputs, for successes resemble each other as they do; where those are not, of inputs."""
    m = by(*M)
    alike = "\n  or ".join(
        f"max by ({m}) ({names.design(scope, window)})" for scope in ("output", "feature")
    )
    weights = names.weight_design(window)
    return f"({alike}) * {weights}\nor {weights}\nor {alike}"


def _accuracy(settings: Settings, window: str) -> Iterator[Recording]:
    m = by(*M)
    counts = f"{_CELLS}:{_OUTCOMES}:increase{window}"
    variances = f"{_CELLS}:{_OUTCOMES}_variance:increase{window}"
    rows = f"model_version:{_OUTCOMES}:increase{window}"
    yield Recording(counts, over(settings, f"{_CELLS}:{_OUTCOMES}", window))
    yield Recording(variances, over(settings, f"{_CELLS}:{_OUTCOMES}_variance", window))
    yield Recording(rows, f"sum by ({m}) ({counts})")
    accuracy = names.estimate("accuracy", window)
    yield Recording(
        accuracy, f"sum by ({m}) (\n{_diagonal(counts)})\n/ ({rows} >= {names.LEAST_ROWS})"
    )
    # The rows are independent, and a row's probability of being right has variance p (1 - p). To it
    # comes what estimates were off by from time to time, however many rows there are.
    variance = f"sum by ({m}) (\n{_diagonal(variances)})"
    design = names.weight_design(window)
    coins = f"(({variance}) * {design} or {variance}) / ({rows} > 0) ^ 2"
    error = names.estimate_error("accuracy")
    deviation = f"sqrt({coins} + on ({m}) {error} ^ 2\n  or {coins})"
    yield Recording(
        names.estimate("accuracy_upper", window), f"{accuracy} + {names.SIGMA:g} * {deviation}"
    )
    yield Recording(
        names.estimate("accuracy_lower", window), f"{accuracy} - {names.SIGMA:g} * {deviation}"
    )


def _diagonal(series: str) -> str:
    """Cells in which the predicted class is the actual one."""
    return (
        f'  label_replace({series}, "class", "$1", "predicted", "(.*)")\n'
        f"  and on ({by(*M, 'predicted', 'actual', 'class')})\n"
        f'  label_replace({series}, "class", "$1", "actual", "(.*)")'
    )
