"""The model is wrong more often than on its reference, or nobody can tell."""

from __future__ import annotations

from alert_rules.ruleset import drops, names
from alert_rules.ruleset.alerts import intervals, versions
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
_NO_LABELS = "There are too few labels about these predictions to know."


def alerts(_: Settings) -> tuple[Alert, ...]:
    """A day for models with many labels, a week for those with few."""
    return (
        *over_windows(names.LABEL_WINDOWS, _accuracy, _metric, _loss),
        _estimate(names.LABEL_WINDOWS[0]),
        _estimated_metric(names.LABEL_WINDOWS[0]),
        *over_windows(names.LABEL_WINDOWS, _calibration, _regression),
        _labels(),
        intervals.broken(),
        *versions.alerts(),
    )


def _alert(name: str, window: str, expr: str, summary: str, description: str) -> Alert:
    """What all alerts on labels of a window, or on estimates, have in common."""
    return Alert(
        name,
        expr,
        "warning",
        "performance",
        f"{MODEL}: {summary}",
        description,
        _MODEL + f"&var-window={window}",
        pending="30m",
        keep="2h",
        labels={"window": window},
    )


def _worse(window: str, *metrics: str, kind: str = "performance") -> str:
    """Metrics that are beyond their limit, and further from the reference than chance explains."""
    chosen = drops.any_of(metrics)
    value = f"{names.judged(window, kind)}{chosen}"
    rising = metrics[0] in drops.GROWTHS
    large = f"{value}\n{'>' if rising else '<'} {drops.LIMIT}"
    sure = f"{large}\nand\n{_significant(window, *metrics, kind=kind)}"
    return sure if kind != "performance" else f"{sure}\n{_no_selection(window)}"


def _significant(window: str, *metrics: str, kind: str) -> str:
    """How much worse than on the reference, where that is more than chance explains."""
    chosen = drops.any_of(metrics)
    value, margin = (f"{one(window, kind)}{chosen}" for one in (names.judged, names.margin))
    rising = metrics[0] in drops.GROWTHS
    change = f"{value} - {drops.REFERENCE}" if rising else f"{drops.REFERENCE} - {value}"
    return f"{change}\n> {margin}"


def _no_selection(window: str) -> str:
    """What some predictions with a label say is nothing about the others."""
    return f"unless on ({by(*names.M)})\n{names.selected(window)} == 1"


def _accuracy(window: str) -> Alert:
    return _alert(
        "InferenceAccuracyLow",
        window,
        f"max by ({by(*names.M)}) (\n{_worse(window, 'accuracy')})",
        f"accuracy {PERCENT} over labels of {window}",
        f"Accuracy{VERSION} is {PERCENT} over "
        f"{lookup(names.labelled(window), *_SAME, show=ROWS)} labels that arrived in the last "
        f"{window}; on the reference "
        f"{lookup(f'{_REFERENCE}:accuracy', *_SAME, show=SHARE)}, a drop of "
        f"{limit('accuracy_drop', SHARE)} is allowed, and {_chance(window)}.",
    )


def _chance(window: str, kind: str = "performance", metric: str = "accuracy") -> str:
    """The margin of one metric, where the alert has no label `metric`."""
    fixed = f'metric="{metric}",class=""'
    margin = lookup(names.margin(window, kind), *_SAME, fixed=fixed)
    return f"chance explains a difference of {margin}"


def _metric(window: str) -> Alert:
    metrics = tuple(one for one in drops.DROPS if one != "accuracy")
    return _realised("InferencePerformanceLow", window, metrics, f"{_METRIC}{_CLASS}")


def _loss(window: str) -> Alert:
    metrics = tuple(one for one in drops.GROWTHS if one != "mae")
    return _realised("InferenceLossHigh", window, metrics, _METRIC)


def _realised(name: str, window: str, metrics: tuple[str, ...], what: str) -> Alert:
    """An alert on several metrics, each by its own limit and margin."""
    return _alert(
        name,
        window,
        _worse(window, *metrics),
        f"{what} {VALUE} over labels of {window}",
        f"{what}{VERSION} is {VALUE} over the labels that arrived in the last {window}; on "
        f"the {_against(window)}",
    )


def _against(window: str, kind: str = "performance") -> str:
    return (
        f"reference it is {lookup(drops.REFERENCE, *_EACH)}, up to {lookup(drops.LIMIT, *_EACH)} "
        f"is allowed, and chance explains a difference of "
        f"{lookup(names.margin(window, kind), *_EACH)}."
    )


def _estimate(window: str) -> Alert:
    kind = "performance_estimate"
    value = f"{names.judged(window, kind)}{drops.any_of(('accuracy',))}"
    allowed = f"on ({by('model')}) group_left () {names.threshold('estimated_accuracy_drop')}"
    rows = f"model_version:inference_expected_outcomes:increase{window}"
    return _alert(
        "InferenceAccuracyEstimateLow",
        window,
        f"max by ({by(*names.M)}) (\n{value}\n< {drops.REFERENCE}\n  - {allowed}\n"
        f"and\n{_significant(window, 'accuracy', kind=kind)})\n{_no_labels_about_them(window)}",
        f"accuracy is expected to be {PERCENT} (no labels yet)",
        f"From the scores alone, accuracy{VERSION} is estimated at {PERCENT} over "
        f"{lookup(rows, *_SAME, show=ROWS)} predictions of the last {window}; on the reference it "
        f"is {lookup(f'{_REFERENCE}:accuracy', *_SAME, show=SHARE)}, a drop of "
        f"{limit('estimated_accuracy_drop', SHARE)} is allowed, and {_chance(window, kind)}. "
        f"{_NO_LABELS}",
    )


def _no_labels_about_them(window: str) -> str:
    """Only labels about the same predictions overrule an estimate, not those that arrived."""
    return f"unless on ({by(*names.M)})\n{names.cohort_rows(window)} >= {names.LEAST_ROWS}"


def _estimated_metric(window: str) -> Alert:
    kind = "performance_estimate"
    rows = f"model_version:inference_expected_outcomes:increase{window}"
    return _alert(
        "InferencePerformanceEstimateLow",
        window,
        f"{_worse(window, *drops.OF_CLASSES, kind=kind)}\n{_no_labels_about_them(window)}",
        f"{_METRIC}{_CLASS} is expected to be {VALUE} (no labels yet)",
        f"From the scores alone, {_METRIC}{_CLASS}{VERSION} is estimated at {VALUE} over "
        f"{lookup(rows, *_SAME, show=ROWS)} predictions of the last {window}; on the "
        f"{_against(window, kind)} {_NO_LABELS}",
    )


def _calibration(window: str) -> Alert:
    """The error less what noise makes of it.

    A calibrated score has E[ECE] <= sqrt(2/pi) sum_k sqrt(n_k p_k (1-p_k)) / n <= 0.4 sqrt(bins/n)
    by Cauchy-Schwarz and p (1-p) <= 1/4, and ECE is a function of n labels each of which moves it
    by 1/n: beyond its mean it has at most the spread of a normal value of 0.5 / sqrt(n)
    (McDiarmid 1989).
    """
    error = names.performance("calibration_error", window)
    rows = names.labelled(window)
    each = f"1 / ({rows} > 0)"
    worth = f"({each} * {names.rows_design(window)} or {each})"
    noise = f"({0.4 * names.SCORE_BINS**0.5:.4g} + 0.5 * {names.sigmas('performance')})"
    return _alert(
        "InferenceCalibrationPoor",
        window,
        f"{error} - {noise} * sqrt({worth})\n> on ({by('model')}) group_left ()\n"
        f"  {names.threshold('calibration_error')}\n{_no_selection(window)}",
        "scores are no longer probabilities",
        f"Expected calibration error{VERSION}, less what noise gives at most, is {VALUE} over "
        f"{lookup(rows, *_SAME, show=ROWS)} labels that arrived in the last {window}; the limit is "
        f"{limit('calibration_error')}. Decision thresholds on it no longer mean what they did.",
    )


def _regression(window: str) -> Alert:
    error = names.performance("mae", window)
    rows = f"model_version:inference_regression_outcomes:increase{window}"
    return _alert(
        "InferenceRegressionErrorHigh",
        window,
        f"max by ({by(*names.M)}) (\n{_worse(window, 'mae')})\n/ {_REFERENCE}:mae",
        f"errors are {VALUE} times those of the reference",
        f"Mean absolute error{VERSION} is {lookup(error, *_SAME)} over "
        f"{lookup(rows, *_SAME, show=ROWS)} labels that arrived in the last {window}; on the "
        f"reference it is {lookup(f'{_REFERENCE}:mae', *_SAME)}, "
        f"{limit('regression_error_growth')} times that is allowed, and "
        f"{_chance(window, metric='mae')}.",
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
