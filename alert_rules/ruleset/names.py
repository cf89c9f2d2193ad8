"""Names and constants that rules, dashboards and their tests share."""

from __future__ import annotations

WINDOWS = ("1h", "6h", "1d", "7d")
DRIFT_WINDOWS = ("1h", "1d")  # of alerts on inputs and outputs: fast, and for little traffic
LABEL_WINDOWS = ("1d", "7d")  # of alerts on labels: many a day, or few
SLO_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
EVALUATED_EVERY = {"1h": "1m", "6h": "1m", "1d": "2m", "7d": "4m"}  # lookback is 5m: stay below

CONFIGURED = {"1h": "1h|60m", "6h": "6h", "1d": "1d|24h", "7d": "7d|1w"}  # one window's names

SCOPES = ("feature", "output")
DISTANCES = ("psi", "js", "ks", "tvd")
KEEP = ("job",)  # two teams may use one model name; the job tells them apart

CELLS = 20  # numeric bins that the unrolled distribution functions can add up
SCORE_BINS = 20
LEAST_ROWS = 200  # below this, or 20 rows per bin, a distance is not computed
LEAST_ROWS_PER_BIN = 20
LEAST_EFFECTIVE_PER_BIN = 8  # independent rows' worth; below, there is no critical value
LEAST_EVENTS = 10  # failures or slow requests before an error budget is said to burn
SIGMA = 3.0  # normal quantile of intervals around shares: alerts look many times a day
Z95 = 1.959964  # normal quantile of the intervals that exporters publish
LOOKS_PER_MONTH = 720

M = ("model", "version")


def by(*labels: str) -> str:
    """Labels of an aggregation: what tells deployments apart, then these."""
    return ", ".join((*KEEP, *labels))


def binned(scope: str) -> tuple[str, ...]:
    """Labels of one compared distribution."""
    return (*M, "reference", scope)


def bin_counts(scope: str, window: str) -> str:
    """Rows per bin over a window."""
    return f"model_version_{scope}_bin:inference_{scope}_bin:increase{window}"


def bin_ratio(scope: str, window: str) -> str:
    """Smoothed share per bin over a window; absent without enough rows."""
    return f"model_version_{scope}_bin:inference_{scope}_bin:ratio{window}"


def reference_ratio(scope: str) -> str:
    """Share of the reference per bin."""
    return f"model_version_{scope}_bin:inference_{scope}_reference_ratio:max"


def rows(scope: str, window: str) -> str:
    """Rows over a window."""
    return f"model_version_{scope}:inference_{scope}_bin:increase{window}"


def effective(scope: str, window: str) -> str:
    """Independent rows that those of a window are worth."""
    return f"model_version_{scope}:inference_{scope}_bin:effective{window}"


def distance(scope: str, statistic: str, window: str) -> str:
    """Distance of the fleet's rows over a window from the reference."""
    return f"model_version_{scope}:inference_{scope}_drift:{statistic}{window}"


def critical(scope: str, statistic: str, window: str) -> str:
    """What that distance reaches by noise alone."""
    return f"model_version_{scope}:inference_{scope}_drift_critical:{statistic}{window}"


def performance(metric: str, window: str) -> str:
    """Performance over labels that arrived in a window; absent below 200 of them."""
    return f"model_version:inference_performance:{metric}{window}"


def judged(window: str, kind: str = "performance") -> str:
    """Performance by `metric` and `class`, where the reference has the same.

    `performance_estimate` is the other kind.
    """
    return f"model_version_metric_class:inference_{kind}:value{window}"


def margin(window: str, kind: str = "performance") -> str:
    """How far from the reference that value may be by chance."""
    return f"model_version_metric_class:inference_{kind}:margin{window}"


def estimate(metric: str, window: str) -> str:
    """Performance to expect without labels, over the predictions of a window."""
    return f"model_version:inference_performance_estimate:{metric}{window}"


def cohort_rows(window: str) -> str:
    """Labels about the predictions that were made in a window, of all replicas."""
    return f"model_version:inference_cohort_outcomes:labelled{window}"


def selected(window: str) -> str:
    """1 where some replica found that labelled predictions are others than those without."""
    return f"model_version:inference_label_selection_bias:max{window}"


def cohort(metric: str) -> str:
    """Performance of the predictions of each configured window, as far as they have labels."""
    level = (
        "model_version_class_window"
        if metric in ("precision", "recall")
        else "model_version_window"
    )
    return f"{level}:inference_cohort_performance:{metric}"


def design(window: str) -> str:
    """How many rows of equal weight one of a sampled log is worth less; absent without weights."""
    return f"model_version:inference_prediction_weight_squared:design{window}"


def labelled(window: str) -> str:
    """Labels of classifications that arrived in a window."""
    return f"model_version:inference_outcomes:increase{window}"


def share(what: str, window: str) -> str:
    """Share of a feature's values that are missing, invalid, unseen or out of range."""
    return f"model_version_feature:inference_feature_{what}:ratio{window}"


def threshold(name: str) -> str:
    """A threshold of the model, merged over its replicas."""
    return f'max by ({by("model")}) (inference_threshold{{name="{name}", feature=""}})'


def feature_threshold(name: str) -> str:
    """A threshold for each feature: its own, or that of its model."""
    return f"model_feature:inference_threshold:{name}"
