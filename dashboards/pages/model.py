"""Model: is it still right? Realised performance, calibration, confusion, labels."""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import panels, tables, variables
from dashboards.board.parts import Page, Panel, Query, Row, about
from dashboards.board.promql import (
    MODEL,
    VERSION,
    WINDOW,
    firing,
    new_versions,
    of,
    rate,
    single,
)  # fmt: skip
from dashboards.pages import (
    model_estimates,
    model_scores,
    model_segments,
    model_versions,
    model_vintages,
    story,
    story_why,
)

_REFERENCE = "inference_performance_reference"
_CLASS = "model_version_class:inference_performance"
_CALM = ((0, "stable", panels.GREEN), (1, "warning", panels.YELLOW), (2, "change", panels.RED))


def page() -> Page:
    """What labels say, over the window, all replicas together."""
    return Page(
        "inference-model", "Inference / Model",
        "Performance of one model from its labels: quality, confusion, calibration, errors.",
        (*variables.everywhere(), variables.model(), variables.versions(),
         variables.window()),
        (
            Row("Is it well, and since when",
                (story.wellness(MODEL, width=14, height=5), story.since(MODEL, width=10, height=5),
                 *_strip())),
            Row("What moved, and which way",
                (story.inputs(VERSION, "version"),
                 story.inputs_since(VERSION, legend="{{feature}}"))),
            Row("Does it cost accuracy", (*_estimates(), _errors(), *_course())),
            Row("Is the new version better", model_versions.contest(), closed=True),
            Row("Who is hit", (story_why.worst_segments(VERSION, height=5),)),
            Row("Who is hit: each segment", model_segments.segments(), closed=True),
            Row("Why", story_why.causes(VERSION, pages=False)),
            Row("Show me one", (story_why.one(VERSION, height=5),)),
            Row("All alerts about it", (story.firing_alerts(MODEL, height=6),)),
            Row("Which mistakes (classifications)", _confusion()),
            Row("Are scores probabilities (classifications)", model_scores.calibration()),
            Row("Late labels, coverage, sequential tests", _labels(), closed=True),
            Row("More of regressions", _regression(), closed=True),
            Row("Did estimates keep their promise", model_estimates.record(), closed=True),
            Row("By calendar period: estimate, early outcome, outcome", model_vintages.vintages(),
                closed=True),
            Row("As each replica sees it", _replicas(), closed=True),
        ),
        (firing(MODEL), new_versions(MODEL)),
    )  # fmt: skip


_SPANS = names.NO_PERIOD  # calendar periods have a panel of their own
_SEVERAL = f'metric="roc_auc", class="macro", segment="", {_SPANS}'  # of more than two classes


def _now(metric: str) -> str:
    return of(names.performance(metric, WINDOW), VERSION)


def _by_version(metric: str, word: str = "") -> Query:
    return Query(f"max by (version) ({_now(metric)})", f"{word}{{{{version}}}}")


def _strip() -> tuple[Panel, ...]:
    def worst(title: str, metric: str, read: str, *alerts: str) -> Panel:
        shows = f"{title} over labels that arrived in the window; the worst version."
        return panels.stat(
            title, about(shows, read, *alerts), f"min({_now(metric)})", "percentunit", none="absent"
        )

    return (
        worst("Accuracy", "accuracy", "Absent below 200 labels.",
              "InferenceAccuracyLow"),
        panels.stat(
            "Accuracy drop/limit",
            about("How far accuracy is below its reference, of the drop that is allowed "
                  "(accuracy_drop); the worst version.",
                  "0 % is as good as the reference, below it better, 100 % the limit. The alert "
                  "also needs the whole interval below the reference.", "InferenceAccuracyLow"),
            f"max({story.accuracy_lost(VERSION)})", "percentunit",
            story.LIMIT_STEPS, "absent", 4),
        panels.stat(
            "Error growth/limit",
            about("Of regressions: how far the mean absolute error is above its reference, of the "
                  "growth that is allowed (regression_error_growth); the worst version.",
                  "0 % is as good as the reference, below it better, 100 % the limit.",
                  "InferenceRegressionErrorHigh"),
            f"max({story.error_grown(VERSION)})", "percentunit",
            story.LIMIT_STEPS, "absent", 4),
        worst("Macro F1", "macro_f1", "Mean of F1 over classes, rare ones alike."),
        panels.stat(
            "ROC AUC",
            about("ROC AUC over labels that arrived in the window; the worst version. Of more than "
                  "two classes the mean over classes, of the worst replica.",
                  "Chance that a positive has a higher score than a negative; 0.5 is a coin.",
                  "InferencePerformanceLow"),
            f"min({_now('roc_auc')} or {of('inference_performance', VERSION, _SEVERAL)})",
            "percentunit", none="absent"),
        panels.stat(
            "Calibration error",
            about("Mean distance of score and frequency over labels that arrived in the window; "
                  "the worst version. Of more than two classes, of the worst replica.",
                  "0 is perfect.", "InferenceCalibrationPoor"),
            f"max({_now('calibration_error')} or ({model_scores.of_classes('calibration_error')}))",
            "percentunit", none="absent", width=4),
        panels.stat(
            "Labels", about("Labels in the window.", "Performance is absent below 200.",
                            "InferenceLabelsStopped"),
            f"sum({of(names.labelled(WINDOW), VERSION)}) or "
            f"sum({of('model_version:inference_regression_outcomes:increase' + WINDOW, VERSION)})",
            "short", none="no labels"),
    )  # fmt: skip


def _course() -> tuple[Panel, ...]:
    auc = of(
        _REFERENCE, VERSION, 'metric="roc_auc",class=~"|macro",segment=""'
    )  # not of single classes
    several = of("inference_performance", VERSION, _SEVERAL)
    classes = tuple(
        Query(
            f"max by (version, class) ({of(f'{_CLASS}:{metric}{WINDOW}', VERSION)})",
            f"{metric} {{{{class}}}} {{{{version}}}}",
        )
        for metric in ("precision", "recall")
    )
    return (
        tables.unless_any(panels.lines(
            "Precision and recall by class",
            about("Precision: how often the predicted class is right. Recall: how much of a class "
                  "is found.", "Accuracy may stand still while a rare class is lost here.",
                  "InferencePerformanceLow"),
            "percentunit", *classes, zero=False, many=True),
            "of classifications, with 200 labels"),
        tables.unless_any(panels.lines(
            "ROC AUC and average precision",
            about("How well scores rank, whatever the decision threshold. Of more than two classes "
                  "the mean over classes, each against the rest.",
                  "From 20 bins of the score, replicas merged before. Of more classes it is the "
                  "gauge of the replica that does worst: it cannot be merged.",
                  "InferencePerformanceLow"),
            "percentunit", _by_version("roc_auc"),
            _by_version("average_precision", "average precision "),
            Query(f"min by (version, window) ({several})", "of classes {{version}} {{window}}"),
            Query(f"max by (version) ({auc})", "reference {{version}}"), zero=False),
            "of scores, with 200 labels"),
    )  # fmt: skip


def _estimates() -> tuple[Panel, ...]:
    def expected(metric: str) -> str:
        return f"max by (version) ({of(names.estimate(metric, WINDOW), VERSION)})"

    kept = of(f"model_version:{_REFERENCE}:accuracy", VERSION)
    lower, upper = (f"max by (version) ({_now(f'accuracy_{side}')})" for side in ("lower", "upper"))
    realised = panels.lines(
        "Accuracy: realised and estimated",
        about("What labels have said, and what they will probably say, from the scores alone; each "
              "with its interval of three standard errors, where there is one version. *Same "
              "predictions*: what labels have said so far of predictions as old as the estimate's.",
              "The estimate needs no labels, but it believes in the reference: apart from the "
              "line of the same predictions it means concept drift, which it cannot see.",
              "InferenceAccuracyEstimateLow", "InferencePerformanceEstimateLow",
              "InferenceAccuracyLow"),
        "percentunit",
        Query(f"max by (version) ({_now('accuracy')})",
              "realised (labels that arrived) {{version}}"),
        Query(single(lower), "realised at least"),
        Query(single(upper), "realised at most"),
        Query(f"max by (version, window) ({of(names.cohort('accuracy'), VERSION, _SPANS)})",
              "same predictions, {{window}} {{version}}"),
        Query(expected("accuracy"), "estimated {{version}}"),
        Query(single(expected("accuracy_lower")), "estimated at least"),
        Query(single(expected("accuracy_upper")), "estimated at most"),
        Query(f"max by (version) ({kept})", "reference {{version}}"), zero=False,
    )  # fmt: skip
    both = panels.band(panels.band(realised, "realised", "green"), "estimated", "purple")
    return (tables.unless_any(both, "of classifications, with 200 labels or scores"),)


def _confusion() -> tuple[Panel, ...]:
    cells = of(f"model_version_predicted_actual:inference_outcomes:increase{WINDOW}", VERSION)
    whole, words = f"sum by (actual) ({cells})", "of classifications, with labels"
    return (
        tables.unless_any(tables.shaded(panels.matrix(
            "Confusion",
            about("Of the labelled rows of each actual class (a column), the share that each class "
                  "was predicted for.", "The diagonal is recall: dark there, pale elsewhere. All "
                  "versions together; how many rows is on the right."),
            "percentunit",
            f"sum by (predicted, actual) ({cells})\n/ on (actual) group_left () ({whole} > 0)",
            row="predicted", column="actual", bars=False, width=8)), words),
        tables.unless_any(panels.matrix(
            "Labelled rows",
            about("Labelled predictions in the window: predicted class by actual class.",
                  "The diagonal is right. All versions together."),
            "short", f"round(sum by (predicted, actual) ({cells}))",
            row="predicted", column="actual", bars=False, width=8), words),
        panels.lines(
            "Predicted classes",
            about("Predictions a second by predicted class, labels or not.",
                  "A class that vanishes or takes over shows here first.", "InferenceOutputDrift"),
            "reqps", Query(rate("inference_predictions_total", VERSION, "prediction",
                                more='prediction!=""'), "class {{prediction}}"),
            stacked=True, width=8),
    )  # fmt: skip


def _labels() -> tuple[Panel, ...]:
    coverage = of("inference_label_coverage_ratio", VERSION, f'segment="", {_SPANS}')
    by_score = of("inference_label_score_coverage_ratio", VERSION, _SPANS)
    return (
        panels.lines(
            "Labels by what became of them",
            about("Late labels a second: matched with a prediction, or not.",
                  "Unmatched: ids differ, or predictions were logged elsewhere. Late: labels.wait "
                  "is too short.", "InferenceLabelsStopped"),
            "cps", Query(rate("inference_labels_total", MODEL, "result"), "{{result}}"), width=8),
        panels.lines(
            "Label coverage",
            about("Share of the predictions made in a replica's window that have a label.",
                  "Uneven over scores or classes: the labels are a selection, and performance is "
                  "absent and does not alarm."),
            "percentunit",
            Query(f"min by (version, window) ({coverage})", "{{version}} {{window}}"),
            Query(f"min by (version, bin, window) ({by_score})",
                  "score bin {{bin}} {{version}} {{window}}"), width=8),
        panels.states(
            "Sequential tests",
            about("Whether errors, residuals or latencies have changed, on any replica.",
                  "Red for an hour after a detection. How often without change: "
                  "docs/concept-drift.md.", "InferenceConceptDrift"),
            _CALM,
            Query(f"max by (version, detector, signal) ({of('inference_concept_drift', VERSION)})",
                  "{{signal}} {{detector}} {{version}}"), width=8),
    )  # fmt: skip


def _errors() -> Panel:
    mae = of(f"model_version:{_REFERENCE}:mae", VERSION)
    return tables.unless_any(panels.lines(
            "Errors",
            about("Mean absolute and root mean squared error, in the unit of the prediction.",
                  "RMSE far above MAE: a few large errors.", "InferenceRegressionErrorHigh"),
            "none", _by_version("mae", "MAE "), _by_version("rmse", "RMSE "),
            Query(f"max by (version) ({of(names.estimate('mae', WINDOW), VERSION)})",
                  "estimated MAE {{version}}"),
            Query(f"max by (version) ({mae})", "reference MAE {{version}}")),
            "of regressions, with 200 labels")  # fmt: skip


def _regression() -> tuple[Panel, ...]:
    return (
        panels.lines(
            "Bias",
            about("Mean of prediction minus actual.", "Above 0 the model predicts too much."),
            "none", _by_version("bias")),
        panels.lines(
            "MAPE",
            about("Mean absolute error in proportion to the actual value.",
                  "Labels that are 0 are left out."),
            "percentunit", _by_version("mape")),
        panels.lines(
            "R²",
            about("Share of the variance of the labels that is explained.",
                  "Below 0 the mean would be a better prediction."),
            "none", _by_version("r2")),
    )  # fmt: skip


def _replicas() -> tuple[Panel, ...]:
    by = "instance, version, metric, window"
    chosen = f'metric=~"accuracy|mae", {_SPANS}'
    own = of("inference_performance", VERSION, chosen + ', class="", segment=""')
    delay = rate("inference_label_delay_seconds_bucket", VERSION, "le")
    expected = of("inference_performance_estimate", VERSION, chosen + ', segment=""')
    return (
        panels.lines(
            "Estimates of each replica",
            about("What each exporter expects over its own windows and rows: accuracy, or the mean "
                  "absolute error.", "Never average these; the fleet's value is above.",
                  "InferenceAccuracyEstimateLow"),
            "none", Query(f"max by ({by}) ({expected})",
                          "{{instance}} {{version}} {{metric}} {{window}}"), many=True, zero=False),
        panels.lines(
            "Performance of each replica",
            about("What each exporter computes over its own windows and rows.",
                  "Never average these; the fleet's value is above."),
            "none", Query(f"max by ({by}) ({own})",
                          "{{instance}} {{version}} {{metric}} {{window}}"), many=True, zero=False),
        panels.lines(
            "Predictions that wait for a label",
            about("Predictions that are remembered and have no label yet.",
                  "At labels.max_pending the oldest are given up."),
            "short",
            Query(f"sum by (version) ({of('inference_predictions_awaiting_label', VERSION)})",
                  "{{version}}"), width=6),
        panels.lines(
            "Delay of labels",
            about("Median time from prediction to label.",
                  "Performance over a window shorter than this is of old predictions."),
            "s", Query(f"histogram_quantile(0.5, {delay})", "median"), width=6),
    )  # fmt: skip
