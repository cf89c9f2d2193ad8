"""Recording rules over bins: rows, shares, distances and the level of their noise.

Two levels: rows per minute summed over replicas (first `rate`, then `sum`: a restart of one replica
is not a step of the sum), then sums of those over hours and days. Shares are smoothed as in the
exporter: (c + 0.5) / (n + 0.5 B). All expressions here keep what tells
deployments apart (`names.kept`), model, version, reference, feature (or output), so that most joins
need no `on`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from alert_rules.ruleset import names
from alert_rules.ruleset.names import by
from alert_rules.ruleset.rules import Group, Recording
from alert_rules.ruleset.settings import Settings

_JS_SCALE = "5.545177444479562"  # 8 ln 2: js² in bits is about psi / 8 in nats


def level_one(
    settings: Settings, level: str, metric: str, *labels: str, base: str = ""
) -> Recording:
    """Rows a minute of a counter, over all replicas."""
    name = base or metric.removesuffix("_total")
    factor = f"{settings.interval_seconds:g}"
    return Recording(
        f"{level}:{name}:increase1m",
        f"sum by ({by(*labels)}) (rate({metric}[{settings.inner}])) * {factor}",
    )


def over(settings: Settings, name: str, window: str) -> str:
    """Sum of a first-level series over a window; weeks are added up from hours."""
    if window == "1m":
        return f"{name}:increase1m"
    if window == "7d":
        return f"sum_over_time({name}:increase1h[{settings.span('7d')}:{settings.span('1h')}])"
    return f"sum_over_time({name}:increase1m[{settings.span(window)}])"


def first_level(settings: Settings) -> tuple[Recording, ...]:
    """Rows a minute per bin."""
    return tuple(
        level_one(
            settings, f"model_version_{scope}_bin", f"inference_{scope}_bin_total",
            *names.binned(scope), "bin",
        )
        for scope in names.SCOPES
    )  # fmt: skip


def facts(settings: Settings) -> Group:
    """What replicas say alike about the reference: one copy of it."""
    rules: list[Recording] = []
    for scope in names.SCOPES:
        labels, level = names.binned(scope), f"model_version_{scope}"
        prefix = f"inference_{scope}"
        ratio = f"{prefix}_reference_ratio"
        rules += [
            Recording(names.reference_ratio(scope), f"max by ({by(*labels, 'bin')}) ({ratio})"),
            Recording(
                f"{level}:{ratio}:count",
                f"count by ({by(*labels)}) ({names.reference_ratio(scope)})",
            ),
            Recording(
                f"{level}:{ratio}:count_numeric",
                f'count by ({by(*labels)}) (max by ({by(*labels, "bin")}) ({ratio}{{range!=""}}))',
            ),
            *(
                Recording(
                    f"{level}:{prefix}_{fact}:max", f"max by ({by(*labels)}) ({prefix}_{fact})"
                )
                for fact in ("reference_samples", "drift_quantile")
            ),
        ]
    features = "model_version_feature:inference_feature_drift_quantile:max"
    outputs = "model_version_output:inference_output_drift_quantile:max"
    profiles = f"count by ({by(*names.M, 'reference')}) ({features} or {outputs})"
    rules.append(
        Recording(
            "model_version:inference_drift_level:ratio",
            f"{names.threshold('false_alarms_drift')}\n"
            f"/ on ({by('model')}) group_right ()\n"
            f"({names.LOOKS_PER_MONTH} * {profiles})",
        )
    )
    rules += [_feature_threshold(name) for name in _PER_FEATURE]
    requests = f"increase(inference_requests_total[{settings.span('1h')}])"
    each = f"sum by ({by('instance', *names.M)}) ({requests}) > 0"
    rules.append(Recording(names.replicas(), f"count by ({by(*names.M)}) ({each})"))
    return Group("inference-reference", settings.every("1m"), tuple(rules))


def order(settings: Settings) -> Group:
    """What is below a bin in the reference. It changes with the reference only, so it is rare."""
    rules = (
        Recording(
            names.rank(scope),
            f"max by ({by(*names.binned(scope), 'bin')}) (inference_{scope}_bin_rank)",
        )
        for scope in names.SCOPES
    )
    return Group("inference-order", settings.every("4m"), tuple(rules))


_PER_FEATURE = (
    "feature_psi", "feature_missing_ratio", "feature_invalid_ratio", "feature_unseen_ratio",
    "feature_out_of_range_ratio",
)  # fmt: skip


def _feature_threshold(name: str) -> Recording:
    features = (
        f"max by ({by('model', 'feature')}) "
        "(model_version_feature:inference_feature_reference_samples:max)"
    )
    return Recording(
        names.feature_threshold(name),
        f'max by ({by("model", "feature")}) (inference_threshold{{name="{name}", feature!=""}})\n'
        "or\n"
        f"(0 * {features}\n  + on ({by('model')}) group_left () {names.threshold(name)})",
    )


def windowed(settings: Settings, window: str) -> Iterator[Recording]:
    """Everything about one window."""
    for scope in names.SCOPES:
        yield from _shares(settings, scope, window)
        yield from _distances(scope, window)
        yield from _criticals(scope, window)


def _shares(settings: Settings, scope: str, window: str) -> Iterator[Recording]:
    labels, level = names.binned(scope), f"model_version_{scope}"
    counts, rows = names.bin_counts(scope, window), names.rows(scope, window)
    cells = f"{level}:inference_{scope}_reference_ratio:count"
    counted = f"model_version_{scope}_bin:inference_{scope}_bin"
    yield Recording(counts, over(settings, counted, window))
    yield Recording(rows, f"sum by ({by(*labels)}) ({counts})")
    yield Recording(
        names.bin_ratio(scope, window),
        f"({counts} + 0.5)\n/ on ({by(*labels)}) group_left ()\n"
        f"(({rows} >= {_enough(scope)}) + 0.5 * {cells})",
    )
    yield Recording(
        f"model_version_{scope}_bin:inference_{scope}_bin:shift{window}",
        f"{names.bin_ratio(scope, window)} - {names.wanted(scope, window)}\n"
        f"and on ({by(*labels)}) {level}:inference_{scope}_reference_ratio:count_numeric",
    )


def _enough(scope: str) -> str:
    """The least rows for a distance."""
    cells = f"model_version_{scope}:inference_{scope}_reference_ratio:count"
    return f"clamp_min({names.LEAST_ROWS_PER_BIN} * {cells}, {names.LEAST_ROWS})"


def _distances(scope: str, window: str) -> Iterator[Recording]:
    labels = by(*names.binned(scope))
    p, q = names.bin_ratio(scope, window), names.wanted(scope, window)
    shift = f"model_version_{scope}_bin:inference_{scope}_bin:shift{window}"
    expressions = {
        "psi": f"sum by ({labels}) (({p} - {q}) * ln({p} / {q}))",
        "js": (
            f"sqrt(clamp_min(0.5 * sum by ({labels}) (\n"
            f"  {p} * log2(2 * {p} / ({p} + {q}))\n"
            f"  + {q} * log2(2 * {q} / ({p} + {q}))\n), 0))"
        ),
        "ks": f"max by ({labels}) (abs(\n{cumulative(shift, labels, names.CELLS)}\n))",
        "tvd": f"0.5 * sum by ({labels}) (abs({p} - {q}))",
    }
    for statistic in names.DISTANCES:
        yield Recording(names.distance(scope, statistic, window), expressions[statistic])
    # With a season less than what the hours of the window let expect.
    expected = f"sum by ({labels}) ({names.expected_ratio(scope, window)} * {names.rank(scope)})"
    yield Recording(
        names.higher(scope, window),
        f"sum by ({labels}) ({names.bin_counts(scope, window)} * {names.rank(scope)})\n"
        f"/ ({names.rows(scope, window)} >= {_enough(scope)})\n"
        f"- (({expected} - 0.5) or 0 * {names.rows(scope, window)})",
    )


def cumulative(series: str, labels: str, cells: int) -> str:
    """PromQL has no cumulative sum: one term for each bin but the last, where all is added up."""
    terms = []
    for last in range(cells - 1):
        upto = "|".join(f"{cell:02d}" for cell in range(last + 1))
        part = f'sum by ({labels}) ({series}{{bin=~"{upto}"}})'
        terms.append(f'  label_replace({part}, "bin", "{last:02d}", "", "")')
    return " or\n".join(terms)


def _effective(scope: str, window: str) -> Iterator[Recording]:
    """Rows over the design effect of the fleet, by those that exporters found.

    Of the same window; where no such window is configured, of any. Absent until the first decision
    on a version: a rule that does not know how rows hang together cannot promise anything.

    What rows of different replicas have in common is at most what their own have: by the inequality
    of Cauchy and Schwarz the fleet's excess over 1 is at most the sum of the replicas' (equal where
    a visitor's requests go to replicas at random). A replica that has not decided yet counts as the
    mean of the others.
    """
    of, rows = by(*names.M, scope), names.rows(scope, window)
    each = by("instance", *names.M, scope)
    design = f"inference_{scope}_drift_design_effect"
    same = f'max by ({each}) ({design}{{window=~"{names.CONFIGURED.get(window, window)}"}})'
    yield Recording(
        names.excess(scope, window), f"avg by ({of}) ({same} or max by ({each}) ({design})) - 1"
    )
    yield Recording(
        names.effective(scope, window),
        f"{rows}\n/ on ({of}) group_left ()\n{names.design(scope, window)}",
    )


def _criticals(scope: str, window: str) -> Iterator[Recording]:
    """What noise reaches; absent where rows are worth too few, and then nothing is alarmed.

    With few rows the PSI exceeds its law more often than it should; a factor of 1 + cells / rows
    takes that back (docs/calibration.md).
    """
    level = f"model_version_{scope}"
    yield from _effective(scope, window)
    cells = f"{level}:inference_{scope}_reference_ratio:count"
    worth = f"({names.effective(scope, window)} >= {names.LEAST_EFFECTIVE_PER_BIN} * {cells})"
    quantile = f"{level}:inference_{scope}_drift_quantile:max"
    samples = f"{level}:inference_{scope}_reference_samples:max"
    of_hours = f"{samples} * on ({by(*names.M, 'reference')}) group_left () "
    samples = f"({of_hours}{names.season_worth(window)} or {samples})"
    noise = f"(1 / {worth} + 1 / {samples})"
    law = f"{quantile} * {noise} * (1 + {cells} / {names.effective(scope, window)})"
    of: dict[str, Callable[[], str]] = {
        "psi": lambda: law,
        "js": lambda: f"sqrt({law} / {_JS_SCALE})",
        "ks": lambda: (
            f"sqrt({noise})\n* on ({by(*names.M, 'reference')}) group_left ()\n"
            "sqrt(-0.5 * ln(model_version:inference_drift_level:ratio / 2))"
        ),
        "tvd": lambda: f"0.5 * sqrt({law})",
    }
    for statistic in names.DISTANCES:
        yield Recording(names.critical(scope, statistic, window), of[statistic]())
