"""Recording rules over labels: accuracy, precision, recall, F1, ROC AUC, calibration, errors.

Counted when the label is read: a window holds the labels that arrived in it, however old the
predictions are. All is absent below 200 labels.
"""

from __future__ import annotations

from collections.abc import Iterator

from alert_rules.ruleset import names
from alert_rules.ruleset.bins import cumulative, level_one, over
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Recording
from alert_rules.ruleset.settings import Settings

_SUMS = (
    "inference_score_outcomes_squared_error",
    "inference_score_outcomes_log_loss",
    "inference_score_outcomes_log_loss_squared",
    "inference_regression_outcomes",
    "inference_absolute_error",
    "inference_squared_error",
    "inference_quartic_error",
    "inference_overprediction",
    "inference_underprediction",
    "inference_absolute_percentage_error",
    "inference_absolute_percentage_error_squared",
    "inference_percentage_error_outcomes",
    "inference_actual_positive",
    "inference_actual_negative",
    "inference_actual_squared",
)
_CONFUSION = "model_version_predicted_actual:inference_outcomes"
_SCORES = "model_version_actual_bin:inference_score_outcomes"
_SCORE_SUMS = "model_version_bin:inference_score_outcomes_score"
_POSITIVE = "model_actual:inference_positive_class:info"


def first_level(settings: Settings) -> tuple[Recording, ...]:
    """Labels a minute."""
    level = "model_version"
    return (
        level_one(settings, f"{level}_predicted_actual", "inference_outcomes_total",
                  *M, "predicted", "actual"),
        level_one(settings, f"{level}_actual_bin", "inference_score_outcomes_total",
                  *M, "actual", "bin"),
        level_one(settings, f"{level}_bin", "inference_score_outcomes_score_total", *M, "bin"),
        *(level_one(settings, level, f"{name}_total", *M) for name in _SUMS),
        level_one(settings, level, "inference_prediction_weight_squared_total", *M),
        Recording(
            "model:inference_labels:increase1m",
            f"sum by ({by('model')}) ({_CONFUSION}:increase1m)\n"
            f"or sum by ({by('model')}) (model_version:inference_regression_outcomes:increase1m)",
        ),
        Recording(
            "model:inference_last_label_timestamp_seconds:max",
            "(time() + 0 * (model:inference_labels:increase1m > 0))\n"
            f"or last_over_time(model:inference_last_label_timestamp_seconds:max"
            f"[{settings.span('6h')}])",
        ),
        Recording(
            _POSITIVE,
            f"max by ({by('model', 'actual')}) (label_replace(\n"
            '  inference_positive_class_info, "actual", "$1", "class", "(.*)"))\n'
            # Exporters that say nothing: class 1 of two, as everywhere.
            f"or on ({by('model')}) group by ({by('model', 'actual')}) (\n"
            '  inference_score_outcomes_total{actual="1"})',
        ),
        *(
            Recording(
                f"model_version:inference_performance_reference:{metric}",
                f"max by ({by(*M)}) (\n"
                f'  inference_performance_reference{{metric="{metric}", class="", segment=""}})',
            )
            for metric in ("accuracy", "mae")
        ),
    )  # fmt: skip


def windowed(settings: Settings, window: str) -> Iterator[Recording]:
    """Everything about one window."""
    yield from _confusion(settings, window)
    yield from _scores(settings, window)
    for name in _SUMS:
        yield Recording(
            f"model_version:{name}:increase{window}",
            over(settings, f"model_version:{name}", window),
        )
    yield from _score_sums(window)
    yield from _regression(window)


def _confusion(settings: Settings, window: str) -> Iterator[Recording]:
    counts = f"{_CONFUSION}:increase{window}"
    correct = f"model_version_class:inference_outcomes_correct:increase{window}"
    rows = names.labelled(window)
    m, c = by(*M), by(*M, "class")
    yield Recording(counts, over(settings, _CONFUSION, window))
    yield Recording(rows, f"sum by ({m}) ({counts})")
    yield Recording(
        correct,
        f"sum by ({c}) (\n"
        f'  label_replace({counts}, "class", "$1", "predicted", "(.*)")\n'
        f"  and on ({by(*M, 'predicted', 'actual', 'class')})\n"
        f'  label_replace({counts}, "class", "$1", "actual", "(.*)"))',
    )
    yield Recording(
        names.performance("accuracy", window),
        f"(sum by ({m}) ({correct}) or 0 * {rows}) / ({rows} >= {names.LEAST_ROWS})",
    )
    accuracy = names.performance("accuracy", window)
    for side, sign in (("lower", "-"), ("upper", "+")):
        yield Recording(
            names.performance(f"accuracy_{side}", window), _wilson(accuracy, rows, sign)
        )
    for metric, label in (("precision", "predicted"), ("recall", "actual")):
        whole = f'label_replace({counts}, "class", "$1", "{label}", "(.*)")'
        yield Recording(
            f"model_version_class:inference_performance:{metric}{window}",
            f"{correct} / (sum by ({c}) ({whole}) > 0)\nand on ({m}) {rows} >= {names.LEAST_ROWS}",
        )
    both = " + ".join(
        f'sum by ({c}) (label_replace({counts}, "class", "$1", "{label}", "(.*)"))'
        for label in ("predicted", "actual")
    )
    f1 = f"model_version_class:inference_performance:f1{window}"
    # Not of precision and recall: a class that is never predicted has no precision, and F1 = 0.
    yield Recording(
        f1, f"2 * {correct} / (({both}) > 0)\nand on ({m}) {rows} >= {names.LEAST_ROWS}"
    )
    yield Recording(names.performance("macro_f1", window), f"avg by ({m}) ({f1})")


def _wilson(share: str, rows: str, sign: str) -> str:
    """Wilson's interval of a share, at `names.SIGMA` standard errors."""
    z = names.SIGMA
    return (
        f"({share} + {z * z / 2:g} / {rows}\n"
        f"  {sign} {z:g} * sqrt({share} * (1 - {share}) / {rows}"
        f" + {z * z / 4:g} / ({rows} * {rows})))\n"
        f"/ (1 + {z * z:g} / {rows})"
    )


def _scores(settings: Settings, window: str) -> Iterator[Recording]:
    counts, sums = f"{_SCORES}:increase{window}", f"{_SCORE_SUMS}:increase{window}"
    level, m, b = "model_version_bin", by(*M), by(*M, "bin")
    positives = f"{level}:inference_score_positives:increase{window}"
    negatives = f"{level}:inference_score_negatives:increase{window}"
    below = f"{level}:inference_score_negatives:cumulative{window}"
    found = f"{level}:inference_score_positives:cumulative{window}"
    yield Recording(counts, over(settings, _SCORES, window))
    yield Recording(sums, over(settings, _SCORE_SUMS, window))
    for name, operator in ((positives, "and"), (negatives, "unless")):
        yield Recording(
            name, f"sum by ({b}) ({counts} {operator} on ({by('model', 'actual')}) {_POSITIVE})"
        )
    # The last bin takes all: it is added as the whole sum.
    last = f'"bin", "{names.SCORE_BINS - 1}", "", ""'
    for name, counted in ((below, negatives), (found, positives)):
        whole = f"label_replace(sum by ({m}) ({counted}), {last})"
        yield Recording(name, f"{cumulative(counted, m, names.SCORE_BINS)} or\n  {whole}")
    rows = f"sum by ({m}) ({counts}) >= {names.LEAST_ROWS}"
    yield Recording(
        names.performance("roc_auc", window),
        f"sum by ({m}) ({positives} * ({below} - 0.5 * {negatives}))\n"
        f"/ (sum by ({m}) ({positives}) * sum by ({m}) ({negatives}) > 0)\nand ({rows})",
    )
    # Precision at the lower edge of each positive's bin: scores of a bin are ties.
    hits, misses = (
        f"(sum by ({m}) ({counted}) - on ({m}) group_right () ({name} - {counted}))"
        for name, counted in ((found, positives), (below, negatives))
    )
    yield Recording(
        names.performance("average_precision", window),
        f"sum by ({m}) ({positives} * {hits} / (({hits} + {misses}) > 0))\n"
        f"/ (sum by ({m}) ({positives}) > 0)\nand ({rows})",
    )
    yield Recording(
        names.performance("calibration_error", window),
        f"sum by ({m}) (abs({positives} - {sums})) / ({rows})",
    )


def _score_sums(window: str) -> Iterator[Recording]:
    rows = f"sum by ({by(*M)}) ({_SCORES}:increase{window})"
    for metric, total in (("brier_score", "squared_error"), ("log_loss", "log_loss")):
        yield Recording(
            names.performance(metric, window),
            f"model_version:inference_score_outcomes_{total}:increase{window}\n"
            f"/ ({rows} >= {names.LEAST_ROWS})",
        )


def _regression(window: str) -> Iterator[Recording]:
    def of(name: str) -> str:
        return f"model_version:inference_{name}:increase{window}"

    rows = f"({of('regression_outcomes')} >= {names.LEAST_ROWS})"
    signed = f"({of('actual_positive')} - {of('actual_negative')})"
    spread = f"({of('actual_squared')} - {signed} * {signed} / {rows})"
    yield Recording(names.performance("mae", window), f"{of('absolute_error')} / {rows}")
    yield Recording(names.performance("rmse", window), f"sqrt({of('squared_error')} / {rows})")
    yield Recording(
        names.performance("bias", window),
        f"({of('overprediction')} - {of('underprediction')}) / {rows}",
    )
    yield Recording(
        names.performance("mape", window),
        f"{of('absolute_percentage_error')}\n"
        f"/ ({of('percentage_error_outcomes')} >= {names.LEAST_ROWS})",
    )
    yield Recording(names.performance("r2", window), f"1 - {of('squared_error')} / ({spread} > 0)")
