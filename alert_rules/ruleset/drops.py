"""Significant and large, for every metric of performance alike: what the alerts compare.

One series per metric and class, with the labels `metric` and `class`: the value, its noise, the
reference's value, and the limit beyond which a change is large. A change is significant where the
difference from the reference is larger than its margin of error: the square root of the sum of the
squared distances from either value to the end of its own interval that looks towards the other
(MOVER, Zou & Donner 2008). So the reference's own rows count, few or many.

How many standard errors an interval takes follows from the model's budget of false alarms
(`budget`). Rows that resemble each other count as the rows they are worth.
"""

from __future__ import annotations

from collections.abc import Iterator

from alert_rules.ruleset import budget, names
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Group, Recording
from alert_rules.ruleset.settings import Settings

KEY = (*M, "metric", "class")
_LEVEL = "model_version_metric_class"
REFERENCE = budget.REFERENCE
LIMIT = f"{_LEVEL}:inference_performance_reference:limit"
ERROR = f"{_LEVEL}:inference_performance_reference:error"
_ALLOWED = "model_metric:inference_threshold:allowed"
_POSITIVE = "model_actual:inference_positive_class:info"

OF_CLASSES = ("precision", "recall", "f1")
SHARES = ("accuracy", *OF_CLASSES, "roc_auc", "average_precision")
DROPS = (*SHARES, "r2")  # higher is better: `<metric>_drop`, a difference
GROWTHS = ("brier_score", "log_loss", "mae", "rmse", "mape")  # lower is better, a ratio
GROWTH_NAMES = {metric: f"{metric}_growth" for metric in GROWTHS} | {
    "mae": "regression_error_growth"
}
# Without a threshold on the page: at most so much, and at most a quarter of the reference, so that
# a model whose precision is 0.04, for positives are rare, is not allowed to lose all of it.
DEFAULT_DROPS = {metric: 0.05 if metric in ("accuracy", "roc_auc") else 0.1 for metric in DROPS}
DEFAULT_GROWTH = 1.25
_PART = 4


_WHOLE = 'segment=""'  # a segment has a reference of its own


def any_of(metrics: tuple[str, ...], *more: str) -> str:
    """A selector of these metrics."""
    return "{" + ", ".join((f'metric=~"{"|".join(metrics)}"', *more)) + "}"


def facts(settings: Settings) -> Group:
    """What the reference says, what is allowed, and how sure an alert has to be."""
    return Group(
        "inference-performance-reference",
        settings.every("1m"),
        (
            Recording(REFERENCE, _reference()),
            Recording(ERROR, _reference_error()),
            Recording(_ALLOWED, _allowed()),
            Recording(LIMIT, _limit()),
            *budget.sigmas(),
        ),
    )


def _reference() -> str:
    """As the counters see it: of scores in 20 bins where the exporter says so.

    Of two classes those metrics of the positive one; of more, those of each.
    """
    fine = "inference_performance_reference"
    whole = "|".join(metric for metric in (*DROPS, *GROWTHS) if metric not in OF_CLASSES)
    classes = fine + any_of(OF_CLASSES, 'class!~"|macro|weighted"', _WHOLE)
    positive = f'label_replace({_POSITIVE}, "class", "$1", "actual", "(.*)")'
    key = by(*KEY)
    return (
        f"max by ({key}) (inference_performance_reference_binned)\nor\n"
        f'max by ({key}) ({fine}{{metric=~"{whole}", class="", {_WHOLE}}})\nor\n'
        f"(max by ({key}) ({classes})\n  and on ({by('model', 'class')}) {positive})\nor\n"
        f"(max by ({key}) ({classes})\n  unless on ({by('model')}) {_POSITIVE})"
    )


def _reference_error() -> str:
    """One standard error of the reference's value; 0 where the exporter does not say."""
    fine, key = "inference_performance_reference", by(*KEY)
    up, down = any_of(GROWTHS, _WHOLE), any_of(DROPS, _WHOLE)
    near = (
        f"(max by ({key}) ({fine}{down}) - max by ({key}) ({fine}_lower{down}))\nor\n"
        f"(max by ({key}) ({fine}_upper{up}) - max by ({key}) ({fine}{up}))"
    )
    return f"(({near}) / {names.Z95:g} and {REFERENCE})\nor\n0 * {REFERENCE}"


def _allowed() -> str:
    """The thresholds on the page by the metric that they are of."""
    drops = "|".join(f"{metric}_drop" for metric in DROPS)
    growths = "|".join(name for name in GROWTH_NAMES.values() if name.endswith("_growth"))

    def named(wanted: str, pattern: str, metric: str) -> str:
        chosen = f'max by ({by("model", "name")}) (inference_threshold{{{wanted}, feature=""}})'
        return (
            f"max by ({by('model', 'metric')}) (label_replace(\n  {chosen}, "
            f'"metric", "{metric}", "name", "{pattern}"))'
        )

    mae = GROWTH_NAMES["mae"]
    others = growths.replace(f"{mae}|", "").replace(f"|{mae}", "")
    return "\nor\n".join(
        (
            named(f'name=~"{drops}"', "(.+)_drop", "$1"),
            named(f'name=~"{others}"', "(.+)_growth", "$1"),
            named(f'name="{mae}"', ".*", "mae"),
        )
    )


def _limit() -> str:
    """The value beyond which a change is large; the defaults where the page has no threshold."""

    def configured(metrics: tuple[str, ...], operator: str) -> str:
        return (
            f"({REFERENCE}{any_of(metrics)}\n"
            f"  {operator} on ({by('model', 'metric')}) group_left () {_ALLOWED})"
        )

    parts = [configured(DROPS, "-")]
    for drop in sorted(set(DEFAULT_DROPS.values())):
        shares = tuple(one for one in SHARES if DEFAULT_DROPS[one] == drop)
        of = f"{REFERENCE}{any_of(shares)}"
        parts.append(f"({of} - clamp_max({of} / {_PART}, {drop:g}))")
    parts.append(f"({REFERENCE}{any_of(('r2',))} - {DEFAULT_DROPS['r2']:g})")
    parts += [configured(GROWTHS, "*"), f"({REFERENCE}{any_of(GROWTHS)} * {DEFAULT_GROWTH:g})"]
    return "\nor\n".join(parts)


def windowed(window: str) -> Iterator[Recording]:
    """Values, and how far each may be from what more rows would show."""
    value, margin = names.judged(window), names.margin(window)
    yield from _judged(value, margin, _realised(window), window, "performance")


def estimated(window: str) -> Iterator[Recording]:
    """The same before labels come, over the predictions of a window."""
    kind = "performance_estimate"
    value, margin = names.judged(window, kind), names.margin(window, kind)
    yield from _judged(value, margin, _expected(window), window, "estimates")


def _expected(window: str) -> dict[str, tuple[str, str]]:
    """Expected cells, and the rows behind each as if its rows were known.

    A sum of probabilities varies less than the sum of the outcomes: E p² <= E p, whatever the law
    of the inputs. To it comes what estimates were off by from time to
    time of the reference. Rows of a share with the same variance: v (1 - v) / variance.
    """
    c, rows = by(*M, "class"), f"model_version:inference_expected_outcomes:increase{window}"
    cells = f"model_version_predicted_actual:inference_expected_outcomes:increase{window}"
    enough = f"and on ({by(*M)}) {rows} >= {names.LEAST_ROWS}"

    def by_class(label: str) -> str:
        return f'sum by ({c}) (label_replace({cells}, "class", "$1", "{label}", "(.*)"))'

    hits = (
        f'sum by ({c}) (label_replace({cells}, "class", "$1", "predicted", "(.*)")\n'
        f"  and on ({by(*M, 'predicted', 'actual', 'class')})\n"
        f'  label_replace({cells}, "class", "$1", "actual", "(.*)"))'
    )
    predicted, actual = by_class("predicted"), by_class("actual")
    f1 = f"(2 * {hits} / (({predicted} + {actual}) > 0))"

    def share(metric: str, value: str, known: str) -> tuple[str, str]:
        error = f"on ({by(*M)}) group_left () {names.estimate_error(metric)} ^ 2"
        chance = f"({value} * (1 - {value}) / ({known}))"
        variance = f"({chance} + {error}\n  or {chance})"
        return value, f"({value} * (1 - {value}) / ({variance} > 0))"

    return {
        "accuracy": share("accuracy", names.estimate("accuracy", window), rows),
        "precision": share("precision", f"({hits} / ({predicted} > 0) {enough})", predicted),
        "recall": share("recall", f"({hits} / ({actual} > 0) {enough})", actual),
        "f1": share("f1", f"({f1} {enough})", f"({predicted} + {actual}) / (2 - {f1})"),
    }


def _realised(window: str) -> dict[str, tuple[str, str]]:
    """By metric the value, and the variance of one standard error squared, or rows of a share."""
    c, rows = by(*M, "class"), names.labelled(window)
    cells = f"model_version_predicted_actual:inference_outcomes:increase{window}"
    counts = "model_version_bin:inference_score"
    positives, negatives = (
        f"sum by ({by(*M)}) ({counts}_{side}:increase{window})"
        for side in ("positives", "negatives")
    )

    def of(metric: str) -> str:
        return names.performance(metric, window)

    def of_class(metric: str) -> str:
        return f"model_version_class:inference_performance:{metric}{window}"

    def by_class(label: str) -> str:
        return f'sum by ({c}) (label_replace({cells}, "class", "$1", "{label}", "(.*)"))'

    predicted, actual = by_class("predicted"), by_class("actual")
    return {
        "accuracy": (of("accuracy"), rows),
        "precision": (of_class("precision"), predicted),
        "recall": (of_class("recall"), actual),
        # F1 = 2 J / (1 + J), J a share of TP + FP + FN rows: as a share it has the variance of
        # this many rows, by the delta method.
        "f1": (of_class("f1"), f"({predicted} + {actual}) / (2 - {of_class('f1')})"),
        # No area has a larger variance than A (1 - A) / min(positives, negatives)
        # (Birnbaum & Klose 1957), and a model that is blind has no other that can be told.
        "roc_auc": (of("roc_auc"), f"(({positives} <= {negatives}) or {negatives})"),
        "average_precision": (of("average_precision"), positives),  # Boyd, Eng & Page 2013
        "brier_score": (of("brier_score"), f"({positives} + {negatives})"),  # of numbers in 0..1
        **_means(window),
    }


def _means(window: str) -> dict[str, tuple[str, str]]:
    """Means of losses: rows worth of a share are not known, so the variance comes directly."""

    def total(name: str) -> str:
        return f"model_version:inference_{name}:increase{window}"

    def of(metric: str) -> str:
        return names.performance(metric, window)

    def variance(squares: str, rows: str, mean: str) -> str:
        return f"clamp_min({squares} / {rows} - {mean} * {mean}, 0) / {rows}"

    n = f"({total('regression_outcomes')} > 0)"
    relative = f"({total('percentage_error_outcomes')} > 0)"
    scores = f"model_version_actual_bin:inference_score_outcomes:increase{window}"
    scored = f"(sum by ({by(*M)}) ({scores}) > 0)"
    square = f"({total('squared_error')} / {n})"
    spread = variance(total("quartic_error"), n, square)
    return {
        "mae": (of("mae"), variance(total("squared_error"), n, of("mae"))),
        "rmse": (of("rmse"), f"{spread} / (4 * ({square} > 0))"),
        "mape": (
            of("mape"),
            variance(total("absolute_percentage_error_squared"), relative, of("mape")),
        ),
        "log_loss": (
            of("log_loss"),
            variance(total("score_outcomes_log_loss_squared"), scored, of("log_loss")),
        ),
        # 1 - R² is the mean squared error over the labels' variance: their relative errors added
        # up, the second as of a normal distribution.
        "r2": (
            of("r2"),
            f"((1 - {of('r2')}) * (sqrt({spread}) / ({square} > 0) + sqrt(2 / {n}))) ^ 2",
        ),
    }


def _judged(
    value: str, margin: str, metrics: dict[str, tuple[str, str]], window: str, kind: str
) -> Iterator[Recording]:
    """The value and the margin of error of its difference from the reference."""
    sigmas = names.sigmas(kind)
    noise = margin.replace(":margin", ":noise")
    m, key = by(*M), by(*KEY)

    def named(expr: str, metric: str) -> str:
        return f'label_replace({expr}, "metric", "{metric}", "", "")'

    shares = [one for one in metrics if one in (*SHARES, "brier_score")]
    means = [one for one in metrics if one not in shares]
    yield Recording(
        value,
        "(\n" + "\nor\n".join(named(metrics[one][0], one) for one in metrics) + "\n)\n"
        f"and on ({key}) {REFERENCE}",
    )
    parts = []
    if shares:
        rows = "\n  or\n  ".join(named(metrics[one][1], one) for one in shares)
        parts.append(f"(1 / ((\n  {rows}\n) > 0))")
    if means:
        parts.append(
            "(\n  " + "\n  or\n  ".join(named(metrics[one][1], one) for one in means) + "\n)"
        )
    square = f"{sigmas} ^ 2 * {names.rows_design(window)} or {sigmas} ^ 2"
    yield Recording(
        noise,
        "((\n" + "\nor\n".join(parts) + f"\n) * on ({m}) group_left () ({square}))\n"
        f"and on ({key}) {REFERENCE}",
    )
    yield Recording(
        margin,
        f"sqrt(({_distance(value, noise)}) ^ 2\n"
        f"  + on ({key}) ({ERROR} * on ({m}) group_left () {sigmas}) ^ 2)",
    )


def _distance(value: str, noise: str) -> str:
    """From a value to the end of its interval that is nearer to a better one.

    Wilson's of shares, with q = z² / rows; symmetric of means.
    """

    def wilson(metrics: tuple[str, ...], sign: str) -> str:
        v, q = f"{value}{any_of(metrics)}", f"{noise}{any_of(metrics)}"
        end = f"({v} + {q} / 2 {sign} sqrt({q} * {v} * (1 - {v}) + {q} ^ 2 / 4)) / (1 + {q})"
        return f"abs({end} - {v})"

    wanted = [wilson(SHARES, "+")]
    if "_estimate" in value:
        return wanted[0]
    others = any_of(tuple(one for one in (*DROPS, *GROWTHS) if one not in (*SHARES, "brier_score")))
    wanted += [wilson(("brier_score",), "-"), f"sqrt({noise}{others} and {value}{others})"]
    return "\nor\n".join(wanted)
