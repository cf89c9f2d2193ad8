"""Drift: which input has moved, how far, and is it more than noise?"""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import links, panels, variables
from dashboards.board.parts import Page, Panel, Query, Row, about
from dashboards.board.promql import (
    FEATURE,
    MODEL,
    NOISE_STEPS,
    VERSION,
    WINDOW,
    drifted,
    firing,
    new_versions,
    of,
    over_noise,
)  # fmt: skip
from dashboards.pages.drift_context import reference, replicas, whole


def page() -> Page:
    """All inputs of a model, then one of them, its outputs, and what each replica sees."""
    return Page(
        "inference-drift", "Inference / Drift",
        "Distances of the live inputs and outputs from the reference, over their noise level.",
        (*variables.datasources(), variables.job(), variables.model(), variables.versions(),
         variables.feature(), variables.window()),
        (
            Row("Now", _strip()),
            Row("All inputs", (_inputs(), _course())),
            Row("Input $feature", _one()),
            Row("Outputs", _outputs()),
            Row("Rows as a whole", whole()),
            Row("Reference", (reference(),)),
            Row("As each replica sees it", replicas(), closed=True),
        ),
        (firing('model="$model"'), new_versions(MODEL)),
    )  # fmt: skip


def _distance(scope: str, statistic: str, selector: str) -> str:
    return of(names.distance(scope, statistic, WINDOW), selector)


def _strip() -> tuple[Panel, ...]:
    rows = of(names.rows("feature", WINDOW), VERSION)
    samples = of("inference_feature_reference_samples", VERSION)
    return (
        panels.stat(
            "Drifted inputs",
            about("Inputs that the last full hour or day has decided to be drifted.",
                  "Zero is normal.", "InferenceFeatureDrift"),
            f"count({drifted(VERSION)}) or vector(0)", "none", ((1, panels.RED),), width=4),
        panels.stat(
            "Worst drift / noise",
            about("Largest PSI over the value noise reaches.", "Above 1 it is more than chance.",
                  "InferenceFeatureDrift"),
            f"max({over_noise('feature', VERSION)})", "none", NOISE_STEPS, "too few rows", 4),
        panels.stat(
            "Worst output / noise",
            about("The same for score and prediction.",
                  "Inputs drift and outputs do not: the model may not care.",
                  "InferenceOutputDrift"),
            f"max({over_noise('output', VERSION)})", "none", NOISE_STEPS, "too few rows", 4),
        panels.stat(
            "Rows in the window",
            about("Fewest rows of any input, all replicas together.",
                  "Distances are absent below 200 rows and below 20 per bin.",),
            f"min({rows})", "short", none="no rows", width=4),
        panels.stat(
            "Rows of the reference",
            about("Fewest reference rows behind any input.",
                  "A small reference has a high noise level, whatever the traffic."),
            f"min({samples})", "short", none="no reference", width=4),
        panels.stat(
            "Age of the reference",
            about("Time since the reference was made.",
                  "Distances say how far inputs are from what was normal then.",
                  "InferenceReferenceStale"),
            f"time() - min({of('inference_reference_timestamp_seconds', VERSION)})", "s",
            none="no reference", width=4),
    )  # fmt: skip


def _inputs() -> Panel:
    labels = ("version", "feature")
    by = ", ".join(labels)

    def column(expr: str) -> str:
        return f"max by ({by}) ({expr})"

    limit = names.feature_threshold("feature_psi")
    joined = (
        f"0 * {_distance('feature', 'psi', VERSION)} + on ({names.by('model', 'feature')}) "
        f"group_left () {limit}"
    )
    table = panels.table(
        "Inputs by distance over noise",
        about("All inputs; the largest PSI in units of its noise level first.",
              "Above 1 it is more than chance; an alert also needs PSI above its threshold. "
              "Click an input to see its bins.", "InferenceFeatureDrift"),
        labels,
        (
            ("PSI over noise", column(over_noise("feature", VERSION)), "none"),
            ("PSI", column(_distance("feature", "psi", VERSION)), "none"),
            ("Noise level",
             column(of(names.critical("feature", "psi", WINDOW), VERSION)), "none"),
            ("Threshold", column(joined), "none"),
            ("Jensen-Shannon", column(_distance("feature", "js", VERSION)), "none"),
            ("Kolmogorov-Smirnov", column(_distance("feature", "ks", VERSION)), "none"),
            ("Total variation", column(_distance("feature", "tvd", VERSION)), "none"),
            ("Rows", column(of(names.rows("feature", WINDOW), VERSION)), "short"),
        ),
        "PSI over noise",
        {"feature": links.to_page(
            "This input", "inference-drift", model="${model}", version="${__data.fields.version}",
            feature="${__data.fields.feature}", window="${window}")},
    )  # fmt: skip
    return panels.coloured(table, "PSI over noise", NOISE_STEPS)


def _course() -> Panel:
    worst = over_noise("feature", VERSION)
    return panels.lines(
        "The ten largest distances over noise",
        about("PSI over its noise level, for the ten inputs where it is largest at the time.",
              "All at once: the feed or the population changed. One alone: that field did.",
              "InferenceFeatureDrift"),
        "none",
        Query(f"topk(10, max by (version, feature) ({worst}))", "{{feature}} {{version}}"),
        Query("vector(1)", "limit noise"), width=24,
    )  # fmt: skip


def _bars(scope: str, selector: str) -> str:
    """Shares of the bins: the reference, and each version beside it, with the bins' ranges."""
    labels = f"job, {', '.join(names.binned(scope))}, bin"
    ratio = of(f"inference_{scope}_reference_ratio", selector)
    live = of(names.bin_ratio(scope, WINDOW), selector)
    ranged = f"{live}\n* on ({labels}) group_left (range) group by ({labels}, range) ({ratio})"
    named = f"max by ({scope}, bin, range, version) (\n{ranged}\n)"
    return (
        "label_join(\n  label_replace(\n    "
        f'{named}, "shares", "live $1", "version", "(.*)")\n  or\n  label_replace('
        f'max by ({scope}, bin, range) ({ratio}), "shares", "reference", "", ""),\n'
        '"bucket", " ", "bin", "range")'
    )


def _one() -> tuple[Panel, ...]:
    limit = of(names.feature_threshold("feature_psi"), MODEL, 'feature="$feature"')
    others = tuple(
        Query(f"max by (version) ({_distance('feature', name, FEATURE)})",
              f"{title} {{{{version}}}}")
        for name, title in (("js", "Jensen-Shannon"), ("ks", "Kolmogorov-Smirnov"),
                            ("tvd", "total variation"))
    )  # fmt: skip
    counts = of(names.bin_ratio("feature", WINDOW), FEATURE)
    return (
        panels.matrix(
            "$feature: live against reference",
            about("Share of the rows in each bin, one colour per version and one for the "
                  "reference.", "Bins are deciles of the reference, so that its bars are level. "
                  "What the live bars lack on one side they have on the other.",
                  "InferenceFeatureDrift"),
            "percentunit", _bars("feature", FEATURE), row="bucket", column="shares", bars=True,
            width=24),
        panels.lines(
            "$feature: PSI",
            about("PSI by version, with what noise alone reaches and the threshold.",
                  "An alert needs both lines crossed. Noise falls as rows grow.",
                  "InferenceFeatureDrift"),
            "none",
            Query(f"max by (version) ({_distance('feature', 'psi', FEATURE)})", "{{version}}"),
            Query(f"max by (version) ({of(names.critical('feature', 'psi', WINDOW), FEATURE)})",
                  "reference noise {{version}}"),
            Query(f"max({limit})", "limit threshold")),
        panels.lines(
            "$feature: other distances",
            about("Three distances that weigh bins differently.",
                  "Total variation is the share of rows that would have to move.",
                  "InferenceFeatureDrift"),
            "none", *others),
        panels.lines(
            "$feature: share of each bin",
            about("Shares of all versions over time.", "When did which bin begin to grow?",
                  "InferenceFeatureDrift"),
            "percentunit", Query(f"avg by (bin) ({counts})", "{{bin}}"), stacked=True),
        panels.lines(
            "$feature: rows in the window",
            about("Rows behind the distances, all replicas together.",
                  "Few rows, high noise level; below 200 nothing is computed."),
            "short",
            Query(f"sum by (version) ({of(names.rows('feature', WINDOW), FEATURE)})",
                  "{{version}}")),
    )  # fmt: skip


def _outputs() -> tuple[Panel, ...]:
    critical = of(names.critical("output", "psi", WINDOW), VERSION)
    limit = 'name="output_psi", feature=""'
    return (
        panels.lines(
            "PSI of the outputs",
            about("PSI of score and prediction, with noise level and threshold.",
                  "It moves when inputs that matter to the model move.", "InferenceOutputDrift"),
            "none",
            Query(f"max by (version, output) ({_distance('output', 'psi', VERSION)})",
                  "{{output}} {{version}}"),
            Query(f"max by (version, output) ({critical})",
                  "reference noise {{output}} {{version}}"),
            Query(f"max({of('inference_threshold', MODEL, limit)})", "limit threshold")),
        panels.matrix(
            "Predictions: live against reference",
            about("Share of each predicted class or range, by version, beside the reference.",
                  "More positives than before although nothing happened outside?",
                  "InferenceOutputDrift"),
            "percentunit", _bars("output", VERSION + ', output="prediction"'),
            row="bucket", column="shares", bars=True),
    )  # fmt: skip
