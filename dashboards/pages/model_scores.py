"""Model, its scores: are they probabilities?"""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import panels, tables
from dashboards.board.parts import Panel, Query, about
from dashboards.board.promql import MODEL, VERSION, WINDOW, of, threshold

_SCORES = {
    f"{cell:02d}": f"{cell / names.SCORE_BINS:.0%}" for cell in range(names.SCORE_BINS)
}  # fmt: skip


def _now(metric: str) -> str:
    return of(names.performance(metric, WINDOW), VERSION)


def _by_version(metric: str) -> Query:
    return Query(
        f"max by (version) ({_now(metric)})", f"{metric.replace('_', ' ')} {{{{version}}}}"
    )


def of_classes(metrics: str) -> str:
    """Metrics of models with more than two classes, which have a macro AUC: rules have none."""
    chosen = f'metric=~"{metrics}", class="", segment="", {names.NO_PERIOD}'
    macro = of("inference_performance", VERSION, 'metric="roc_auc", class="macro", segment=""')
    return f"{of('inference_performance', VERSION, chosen)}\nand ignoring (metric, class) {macro}"


def calibration() -> tuple[Panel, ...]:
    """How far scores are off, reliability, and how well they separate two classes."""

    def bins(name: str) -> str:
        series = f"model_version_bin:inference_score_{name}:increase{WINDOW}"
        return f"sum by (bin) ({of(series, VERSION)})"

    counts = f"({bins('positives')} + {bins('negatives')} > 0)"
    said, happened = f"{bins('outcomes_score')} / {counts}", f"{bins('positives')} / {counts}"
    several = of_classes("calibration_error|brier_score|log_loss")
    seen = "model_version_actual_bin:inference_score_outcomes:increase" + WINDOW
    return (
        panels.lines(
            "Calibration error, Brier score, log loss",
            about("How far scores are from being probabilities.",
                  "The dashed line is the threshold of the calibration error. Of more than two "
                  "classes it is the gauge of the replica that does worst.",
                  "InferenceCalibrationPoor", "InferenceLossHigh"),
            "none", _by_version("calibration_error"),
            _by_version("brier_score"), _by_version("log_loss"),
            Query(f"max by (version, metric, window) ({several})",
                  "{{metric}} {{version}} {{window}}"),
            Query(f"{threshold('calibration_error', MODEL)}\n"
                  f"and on () ({_now('calibration_error')} or {several})", "limit"), width=8),
        tables.unless_any(panels.curve(
            "Reliability",
            about("For each bin of the score: its mean, and how often the positive class came.",
                  "Calibrated scores lie on the dashed line. Above it the model is too timid, "
                  "below too sure. How many rows each bin has is on the right.",
                  "InferenceCalibrationPoor"),
            "percentunit", "mean score",
            ("mean score", said), ("frequency", happened), ("as it should be", said), width=8),
            "of two classes, with labels"),
        tables.unless_any(tables.renamed(tables.slanted(panels.matrix(
            "Scores by actual class",
            about("Labelled predictions per bin of the score, by what really came.",
                  "Where the two overlap no threshold can tell them apart."),
            "short", f"sum by (actual, bin) ({of(seen, VERSION)})",
            row="bin", column="actual", bars=True, width=8)), "bin\\actual", _SCORES),
            "of two classes, with labels"),
    )  # fmt: skip
