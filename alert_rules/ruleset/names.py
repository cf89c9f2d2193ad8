"""Names and constants that rules, dashboards and their tests share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

WINDOWS = ("1h", "6h", "1d", "7d")
DRIFT_WINDOWS = ("1h", "1d")  # of verdicts on inputs and outputs: fast, and for little traffic
# Minutes after full hours and days (UTC) at which a fleet's window is judged, once: exporters have
# decided on the hour at :05, on the day an hour after its end, and their design effects are known.
LOOKS = {"1h": "10m", "1d": "130m"}
LOOKS_IN_FORCE = 2  # a verdict counts until the second look after it has not repeated it
LABEL_WINDOWS = ("1d", "7d")  # of alerts on labels: many a day, or few
SLO_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
EVALUATED_EVERY = {"1h": "1m", "6h": "1m", "1d": "2m", "7d": "4m"}  # lookback is 5m: stay below

# Calendar periods are named like windows (`calendar` in the configuration); a zone's quarter says
# nothing about the last hours.
PERIODS = "(previous_)?(day|week|month|quarter)"
NO_PERIOD = f'window!~"{PERIODS}"'
CONFIGURED = {"1h": "1h|60m", "6h": "6h", "1d": "1d|24h", "7d": "7d|1w"}  # one window's names

SCOPES = ("feature", "output")
DISTANCES = ("psi", "js", "ks", "tvd")
# What tells deployments apart: two teams may use one model name, and under the Prometheus operator
# all namespaces share one job. A label that no target has costs nothing.
KEEP = ("cluster", "namespace", "job")
# What owners say of themselves in `labels:` of the exporter's configuration, if anything.
OWNER = ("team", "env")

CELLS = 20  # numeric bins that the unrolled distribution functions can add up
SCORE_BINS = 20
LEAST_ROWS = 200  # below this, or 20 rows per bin, a distance is not computed
LEAST_ROWS_PER_BIN = 20
LEAST_EFFECTIVE_PER_BIN = 8  # independent rows' worth; below, there is no critical value
LEAST_EVENTS = 10  # failures or slow requests before an error budget is said to burn
SIGMA = 3.0  # normal quantile of intervals around shares: for looking, alerts have levels
Z95 = 1.959964  # normal quantile of the intervals that exporters publish
PRIOR_ROWS = 10  # of the whole reference, that exporters add to each hour of a season
LOOKS_PER_MONTH = 750  # hours and days of 30 days
MINUTES_PER_MONTH = 43_200
UNSAID = 0.1  # false alarms a month of a kind of alert where exporters do not say

M = ("model", "version")


_kept: ContextVar[tuple[str, ...]] = ContextVar("kept", default=KEEP)


@contextmanager
def keeping(labels: Sequence[str]) -> Iterator[None]:
    """Within it, these labels tell deployments apart. The generators read them from `--keep`."""
    before = _kept.set(tuple(labels))
    try:
        yield
    finally:
        _kept.reset(before)


def kept() -> tuple[str, ...]:
    """The labels that tell deployments apart."""
    return _kept.get()


def listed(text: str) -> tuple[str, ...]:
    """Names of labels, separated by commas.

    >>> listed("namespace, job")
    ('namespace', 'job')
    """
    found = tuple(one.strip() for one in text.split(",") if one.strip())
    for one in found:
        if not re.fullmatch(r"[a-zA-Z_]\w*", one, re.ASCII):
            raise ValueError(f"{one!r} cannot be the name of a label")
    return found


def by(*labels: str) -> str:
    """Labels of an aggregation: what tells deployments apart, then these.

    >>> by("model")
    'cluster, namespace, job, model'
    >>> with keeping(("job",)):
    ...     by("model")
    'job, model'
    """
    return ", ".join((*kept(), *labels))


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


def expected_counts(scope: str, window: str) -> str:
    """Rows per bin that the reference lets expect at the hours of a window; with a season."""
    return f"model_version_{scope}_bin:inference_{scope}_expected_bin:increase{window}"


def expected_ratio(scope: str, window: str) -> str:
    """Their shares."""
    return f"model_version_{scope}_bin:inference_{scope}_expected_bin:ratio{window}"


def wanted(scope: str, window: str, selector: str = "") -> str:
    """Share per bin that a window is compared with: of its hours, else of all of the reference."""
    known = (expected_ratio(scope, window), reference_ratio(scope))
    return "({})".format(" or ".join(f"{one}{selector}" for one in known))


def season_worth(window: str) -> str:
    """Share of the reference's rows that the hours of a window are known from; with a season."""
    return f"model_version_reference:inference_reference_season:worth{window}"


def rows(scope: str, window: str) -> str:
    """Rows over a window."""
    return f"model_version_{scope}:inference_{scope}_bin:increase{window}"


def effective(scope: str, window: str) -> str:
    """Independent rows that those of a window are worth."""
    return f"model_version_{scope}:inference_{scope}_bin:effective{window}"


def replicas() -> str:
    """Exporters that have seen requests of a version within the last hour."""
    return "model_version:inference_replicas:count"


def excess(scope: str, window: str) -> str:
    """Mean over replicas of the design effect less 1."""
    return f"model_version_{scope}:inference_{scope}_drift_design_effect:excess{window}"


def design(scope: str, window: str) -> str:
    """Design effect of the fleet for each feature or output; absent before the first decision."""
    return f"(1 + {excess(scope, window)} * on ({by(*M)}) group_left () {replicas()})"


def verdict(scope: str, window: str) -> str:
    """1 (drifted) or 0 at the looks at a fleet's windows; absent between them."""
    return f"model_version_{scope}:inference_{scope}_drift:verdict{window}"


def state(scope: str) -> str:
    """1 (drifted) or 0: what alerts go by; absent where there is not enough data."""
    return f"model_version_{scope}:inference_{scope}_drift:state"


def drifted_importance() -> str:
    """Importance of the inputs that have drifted, over that of all."""
    return "model_version:inference_drifted_importance:ratio"


def found(scope: str, what: str, window: str) -> str:
    """`psi`, `rows` or `critical` at a look that found drift; absent else."""
    return f"model_version_{scope}:inference_{scope}_drift:found_{what}{window}"


def decided(scope: str, what: str) -> str:
    """`psi`, `rows`, `critical` of the full `window` in which drift was last found: evidence."""
    return f"model_version_{scope}_window:inference_{scope}_drift:decided_{what}"


def distance(scope: str, statistic: str, window: str) -> str:
    """Distance of the fleet's rows over a window from the reference."""
    return f"model_version_{scope}:inference_{scope}_drift:{statistic}{window}"


def rank(scope: str) -> str:
    """Share of the reference below a bin, and half of the bin; of numbers, which have an order."""
    return f"model_version_{scope}_bin:inference_{scope}_bin_rank:max"


def higher(scope: str, window: str) -> str:
    """In how many pairs of a live and a reference row the live value is higher, ties half."""
    return f"model_version_{scope}:inference_{scope}_drift:higher{window}"


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


def estimate_error(metric: str) -> str:
    """What its estimates were off by from time to time of the reference, beyond chance."""
    family = "inference_performance_estimate_reference_error"
    return f'max by ({by(*M)}) ({family}{{metric="{metric}"}})'


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


def weight_design(window: str) -> str:
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


def sigmas(kind: str) -> str:
    """Standard errors that a difference of this kind of alert has to have to be no chance."""
    return f"model_version:inference_false_alarms_{kind}:sigmas"


def rows_design(window: str) -> str:
    """How many rows of a window are worth one: for their weights, and for resembling each other."""
    return f"model_version:inference_rows:design{window}"


def feature_threshold(name: str) -> str:
    """A threshold for each feature: its own, or that of its model."""
    return f"model_feature:inference_threshold:{name}"
