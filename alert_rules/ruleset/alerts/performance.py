"""The model is wrong more often than on its reference, or nobody can tell."""

from __future__ import annotations

from alert_rules.ruleset import drops, names
from alert_rules.ruleset.alerts import intervals
from alert_rules.ruleset.alerts.text import (
    DURATION,
    MODEL,
    PERCENT,
    ROWS,
    SHARE,
    VALUE,
    VERSION,
    limit,
    lookup,
)
from alert_rules.ruleset.names import by
from alert_rules.ruleset.rules import Alert, over_windows
from alert_rules.ruleset.settings import Settings

_MODEL = "/d/inference-model?var-model={{ $labels.model }}"
_REFERENCE = "model_version:inference_performance_reference"
_SAME = names.M
_EACH = (*_SAME, "metric", "class")
_METRIC = '{{ reReplaceAll "_" " " $labels.metric }}'
_CLASS = "{{ with $labels.class }} of class {{ . }}{{ end }}"


def alerts(_: Settings) -> tuple[Alert, ...]:
    """A day for models with many labels, a week for those with few."""
    return (
        *over_windows(names.LABEL_WINDOWS, _accuracy, _metric, _loss),
        _estimate(names.LABEL_WINDOWS[0]),
        _estimated_metric(names.LABEL_WINDOWS[0]),
        *over_windows(names.LABEL_WINDOWS, _calibration, _regression),
        _labels(),
        intervals.broken(),
    )


def _worse(window: str, *metrics: str, kind: str = "performance") -> str:
    """Metrics that are beyond their limit, and further from the reference than chance explains."""
    chosen = drops.any_of(metrics)
    value, margin = (f"{one(window, kind)}{chosen}" for one in (names.judged, names.margin))
    rising = metrics[0] in drops.GROWTHS
    change = f"{value} - {drops.REFERENCE}" if rising else f"{drops.REFERENCE} - {value}"
    sure = f"{value}\n{'>' if rising else '<'} {drops.LIMIT}\nand\n{change}\n> {margin}"
    return sure if kind != "performance" else f"{sure}\n{_no_selection(window)}"


def _no_selection(window: str) -> str:
    """What some predictions with a label say is nothing about the others."""
    return f"unless on ({by(*names.M)})\n{names.selected(window)} == 1"


def _accuracy(window: str) -> Alert:
    upper = names.performance("accuracy_upper", window)
    return Alert(
        "InferenceAccuracyLow",
        f"max by ({by(*names.M)}) (\n{_worse(window, 'accuracy')})",
        "warning",
        "performance",
        f"{MODEL}: accuracy {PERCENT} over labels of {window}",
        f"Accuracy{VERSION} is {PERCENT} over "
        f"{lookup(names.labelled(window), *_SAME, show=ROWS)} labels that arrived in the last "
        f"{window}, at most {lookup(upper, *_SAME, show=SHARE)} with noise; on the reference "
        f"{lookup(f'{_REFERENCE}:accuracy', *_SAME, show=SHARE)}, and a drop of "
        f"{limit('accuracy_drop', SHARE)} is allowed.",
        _MODEL + f"&var-window={window}",
        pending="30m",
        keep="2h",
        labels={"window": window},
    )


def _metric(window: str) -> Alert:
    return Alert(
        "InferencePerformanceLow",
        _worse(window, *(one for one in drops.DROPS if one != "accuracy")),
        "warning",
        "performance",
        f"{MODEL}: {_METRIC}{_CLASS} {VALUE} over labels of {window}",
        f"{_METRIC}{_CLASS}{VERSION} is {VALUE} over the labels that arrived in the last "
        f"{window}; on the {_against(window)}",
        _MODEL + f"&var-window={window}",
        pending="30m",
        keep="2h",
        labels={"window": window},
    )


def _loss(window: str) -> Alert:
    return Alert(
        "InferenceLossHigh",
        _worse(window, *(one for one in drops.GROWTHS if one != "mae")),
        "warning",
        "performance",
        f"{MODEL}: {_METRIC} {VALUE} over labels of {window}",
        f"{_METRIC}{VERSION} is {VALUE} over the labels that arrived in the last {window}; "
        f"on the {_against(window)}",
        _MODEL + f"&var-window={window}",
        pending="30m",
        keep="2h",
        labels={"window": window},
    )


def _against(window: str, kind: str = "performance") -> str:
    return (
        f"reference it is {lookup(drops.REFERENCE, *_EACH)}, up to {lookup(drops.LIMIT, *_EACH)} "
        f"is allowed, and chance explains a difference of "
        f"{lookup(names.margin(window, kind), *_EACH)}."
    )


def _estimate(window: str) -> Alert:
    accuracy = names.estimate("accuracy", window)
    upper = names.estimate("accuracy_upper", window)
    rows = f"model_version:inference_expected_outcomes:increase{window}"
    return Alert(
        "InferenceAccuracyEstimateLow",
        f"{accuracy}\n< {_REFERENCE}:accuracy\n  - on ({by('model')}) group_left ()\n"
        f"  {names.threshold('estimated_accuracy_drop')}\n"
        f"and\n{upper} < {_REFERENCE}:accuracy\n"
        f"{_no_labels_about_them(window)}",
        "warning",
        "performance",
        f"{MODEL}: accuracy is expected to be {PERCENT} (no labels yet)",
        f"From the scores alone, accuracy{VERSION} is estimated at {PERCENT} over "
        f"{lookup(rows, *_SAME, show=ROWS)} predictions of the last {window}, at most "
        f"{lookup(upper, *_SAME, show='humanizePercentage')} with noise; on the reference it is "
        f"{lookup(f'{_REFERENCE}:accuracy', *_SAME, show='humanizePercentage')}, and a drop of "
        f"{limit('estimated_accuracy_drop', 'humanizePercentage')} is allowed. There are too few "
        "labels about these predictions to know.",
        _MODEL + f"&var-window={window}",
        pending="30m",
        keep="2h",
        labels={"window": window},
    )


def _no_labels_about_them(window: str) -> str:
    """Only labels about the same predictions overrule an estimate, not those that arrived."""
    return f"unless on ({by(*names.M)})\n{names.cohort_rows(window)} >= {names.LEAST_ROWS}"


def _estimated_metric(window: str) -> Alert:
    kind = "performance_estimate"
    rows = f"model_version:inference_expected_outcomes:increase{window}"
    return Alert(
        "InferencePerformanceEstimateLow",
        f"{_worse(window, *drops.OF_CLASSES, kind=kind)}\n{_no_labels_about_them(window)}",
        "warning",
        "performance",
        f"{MODEL}: {_METRIC}{_CLASS} is expected to be {VALUE} (no labels yet)",
        f"From the scores alone, {_METRIC}{_CLASS}{VERSION} is estimated at {VALUE} over "
        f"{lookup(rows, *_SAME, show=ROWS)} predictions of the last {window}; on the "
        f"{_against(window, kind)} There are too few labels about these predictions to know.",
        _MODEL + f"&var-window={window}",
        pending="30m",
        keep="2h",
        labels={"window": window},
    )


def _calibration(window: str) -> Alert:
    error = names.performance("calibration_error", window)
    rows = names.labelled(window)
    # A calibrated score has E[ECE] <= sqrt(2/pi) sum_k sqrt(n_k p_k (1-p_k)) / n
    #                             <= 0.4 sqrt(bins / n), by Cauchy-Schwarz and p (1-p) <= 1/4.
    share = f"{names.SCORE_BINS} / ({rows} > 0)"
    noise = f"0.4 * sqrt({share} * {names.weight_design(window)} or {share})"
    return Alert(
        "InferenceCalibrationPoor",
        f"{error} - {noise}\n> on ({by('model')}) group_left ()\n"
        f"  {names.threshold('calibration_error')}\n{_no_selection(window)}",
        "warning",
        "performance",
        f"{MODEL}: scores are no longer probabilities",
        f"Expected calibration error{VERSION}, less what noise gives at most, is {VALUE} over "
        f"{lookup(rows, *_SAME, show=ROWS)} labels that arrived in the last {window}; the limit is "
        f"{limit('calibration_error')}. Decision thresholds on it no longer mean what they did.",
        _MODEL + f"&var-window={window}",
        pending="30m",
        keep="2h",
        labels={"window": window},
    )


def _regression(window: str) -> Alert:
    error = names.performance("mae", window)
    rows = f"model_version:inference_regression_outcomes:increase{window}"
    return Alert(
        "InferenceRegressionErrorHigh",
        f"max by ({by(*names.M)}) (\n{_worse(window, 'mae')})\n/ {_REFERENCE}:mae",
        "warning",
        "performance",
        f"{MODEL}: errors are {VALUE} times those of the reference",
        f"Mean absolute error{VERSION} is {lookup(error, *_SAME)} over "
        f"{lookup(rows, *_SAME, show=ROWS)} labels that arrived in the last {window}; on the "
        f"reference it is "
        f"{lookup(f'{_REFERENCE}:mae', *_SAME)}, and {limit('regression_error_growth')} times that "
        "is allowed.",
        _MODEL + f"&var-window={window}",
        pending="30m",
        keep="2h",
        labels={"window": window},
    )


def _labels() -> Alert:
    return Alert(
        "InferenceLabelsStopped",
        "time() - model:inference_last_label_timestamp_seconds:max\n"
        f"> on ({by('model')}) {names.threshold('label_idle_seconds')}\n"
        f"and on ({by('model')}) model:inference_requests:increase1d >= {names.LEAST_ROWS}",
        "warning",
        "performance",
        f"{MODEL}: no label for {DURATION}",
        f"Predictions are made, but the last label arrived {DURATION} ago (limit "
        f"{limit('label_idle_seconds', 'humanizeDuration')}). Accuracy is unknown until the feed "
        "is back.",
        _MODEL,
        pending="15m",
    )
