"""Drift: which input has moved, how far, and is it more than noise?"""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import links, panels, tables, variables
from dashboards.board.parts import Page, Panel, Query, Row, about
from dashboards.board.promql import (
    FEATURE,
    INPUT_STATES,
    MODEL,
    NOISE_STEPS,
    VERSION,
    WINDOW,
    drifted,
    firing,
    input_states,
    moved_columns,
    new_versions,
    of,
    over_limit,
    over_noise,
)  # fmt: skip
from dashboards.pages.drift_context import reference, replicas, whole


def page() -> Page:
    """All inputs of a model, then one of them, its outputs, and what each replica sees."""
    return Page(
        "inference-drift", "Inference / Drift",
        "Distances of the live inputs and outputs from the reference, over their noise level.",
        (*variables.everywhere(), variables.model(), variables.versions(),
         variables.feature(), variables.window()),
        (
            Row("Is it drift", _strip()),
            Row("What moved, since when, which way", (_since(), _inputs(), _course())),
            Row("Input $feature", _one()),
            Row("Outputs", _outputs()),
            Row("Rows as a whole (models with multivariate)", whole(), closed=True),
            Row("Reference", (reference(),)),
            Row("As each replica sees it", replicas(), closed=True),
        ),
        (firing(MODEL), new_versions(MODEL)),
    )  # fmt: skip


_LIMIT_STEPS = ((0.5, panels.YELLOW), (1.0, panels.RED))


def _distance(scope: str, statistic: str, selector: str) -> str:
    return of(names.distance(scope, statistic, WINDOW), selector)


def _strip() -> tuple[Panel, ...]:
    rows = of(names.rows("feature", WINDOW), VERSION)
    samples = of("inference_feature_reference_samples", VERSION)
    return (
        panels.stat(
            "Moved most",
            about("The input whose PSI is largest in units of its limit (feature_psi), and that "
                  "number.", "At 1 the limit is reached; an alert also needs it above noise.",
                  "InferenceFeatureDrift"),
            f"topk(1, {over_limit(VERSION)})", "none", _LIMIT_STEPS, "too few rows", 4,
            "{{feature}}"),
        panels.stat(
            "Drifted inputs",
            about("Inputs that the last full hour or day has decided to be drifted.",
                  "Zero is normal.", "InferenceFeatureDrift", "InferenceImportantInputsDrift"),
            f"count({drifted(VERSION)}) or vector(0)", "none", ((1, panels.RED),), width=4),
        panels.stat(
            "Most moved output",
            about("The output whose PSI is largest over what noise reaches, and that number.",
                  "Inputs drift and outputs do not: the model may not care.",
                  "InferenceOutputDrift"),
            f"topk(1, {over_noise('output', VERSION)})", "none", NOISE_STEPS, "too few rows", 4,
            "{{output}}"),
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


def _since() -> Panel:
    return panels.states(
        "Each input since when",
        about("The eight inputs that are farthest from the reference now, over time.",
              "Yellow: more than noise. Red: decided to be drifted. All at once: the feed or the "
              "population changed. One alone: that field did.", "InferenceFeatureDrift"),
        INPUT_STATES, Query(input_states(VERSION), "{{feature}}"), width=24,
    )  # fmt: skip


def _inputs() -> Panel:
    labels = ("version", "feature")
    by = ", ".join(labels)

    def column(expr: str) -> str:
        return f"max by ({by}) ({expr})"

    table = panels.table(
        "Inputs by distance",
        about("All inputs; the largest PSI in units of its limit first.",
              "Higher of 100: of so many pairs of a live and a reference value, how often the live "
              "one is the higher; 50 is no direction, absent for categories. Importance: its share "
              "of that of all inputs. Rows moved: the share that would have to change bins. "
              "Decided: the PSI of the full window in which drift was found, as in the alert; PSI "
              "itself is of the window until now. Click an input to see its bins.",
              "InferenceFeatureDrift"),
        labels,
        (
            *moved_columns(by, VERSION),
            ("Decided", column(of(names.decided("feature", "psi"), VERSION)), "none"),
            ("Rows moved", column(_distance("feature", "tvd", VERSION)), "percentunit"),
            ("Rows", column(of(names.rows("feature", WINDOW), VERSION)), "short"),
        ),
        "Times its limit",
        {"feature": links.to_page(
            "This input", "inference-drift", model="${model}", version="${__data.fields.version}",
            feature="${__data.fields.feature}", window="${window}")},
    )  # fmt: skip
    return tables.coloured(table, "Times its limit", _LIMIT_STEPS)


def _course() -> Panel:
    return panels.lines(
        "The ten largest distances over noise",
        about("PSI over its noise level, for the ten inputs where it is largest at the time.",
              "Below 1 it may be chance.", "InferenceFeatureDrift"),
        "none",
        Query(f"topk(10, max by (version, feature) ({over_noise('feature', VERSION)}))",
              "{{feature}} {{version}}"),
        Query("vector(1)", "limit noise"), width=24, many=True,
    )  # fmt: skip


def _named(expr: str) -> str:
    """A label `bucket` for people: the range of the bin, or the category that it is."""
    words = (
        (r"\\((.+), (.+)\\]", "$1 to $2"), (r"\\(-Inf, (.+)\\]", "≤ $1"),
        (r"\\((.+), \\+Inf\\)", "> $1"),
    )  # fmt: skip
    named = f'label_replace({expr}, "bucket", "$1", "bin", "(.*)")'
    for pattern, written in words:
        named = f'label_replace({named}, "bucket", "{written}", "range", "{pattern}")'
    return named


def _live(scope: str, selector: str) -> str:
    """Shares of the bins by version, with the bins' ranges."""
    labels = names.by(*names.binned(scope), "bin")
    ratio = of(f"inference_{scope}_reference_ratio", selector)
    live = of(names.bin_ratio(scope, WINDOW), selector)
    ranged = f"{live}\n* on ({labels}) group_left (range) group by ({labels}, range) ({ratio})"
    return f"max by ({scope}, bin, range, version) (\n{ranged}\n)"


def _reference(scope: str, selector: str) -> str:
    """Shares of the reference; with a season, of the hours of the window."""
    labels = names.by(*names.binned(scope), "bin")
    ratio = of(f"inference_{scope}_reference_ratio", selector)
    hours = of(names.expected_ratio(scope, WINDOW), selector)
    ranged = f"{hours}\n* on ({labels}) group_left (range) group by ({labels}, range) ({ratio})"
    kept = f"max by ({scope}, bin, range)"
    return f"({kept} (\n{ranged}\n)\nor {kept} ({ratio}))"


def _bars(scope: str, selector: str) -> str:
    """Shares of the bins: the reference, and each version beside it."""
    live = f'label_replace({_live(scope, selector)}, "shares", "live $1", "version", "(.*)")'
    usual = f'label_replace({_reference(scope, selector)}, "shares", "reference", "", "")'
    return _named(f"{live}\n  or\n  {usual}")


def _differences(scope: str, selector: str) -> str:
    """What each bin has more or less than in the reference, by version."""
    usual = f"on ({scope}, bin, range) group_left () {_reference(scope, selector)}"
    return _named(f"{_live(scope, selector)}\n- {usual}")


def _one() -> tuple[Panel, ...]:
    limit = of(names.feature_threshold("feature_psi"), MODEL, 'feature="$feature"')
    others = tuple(
        Query(f"max by (version) ({_distance('feature', name, FEATURE)})",
              f"{title} {{{{version}}}}")
        for name, title in (("js", "Jensen-Shannon"), ("ks", "Kolmogorov-Smirnov"),
                            ("tvd", "total variation"))
    )  # fmt: skip
    higher = of(names.higher("feature", WINDOW), FEATURE)
    return (
        tables.ordered(panels.matrix(
            "$feature: live against reference",
            about("Share of the rows in each bin, one colour per version and one for the "
                  "reference.", "Bins are deciles of the reference, so that its bars are level.",
                  "InferenceFeatureDrift"),
            "percentunit", _bars("feature", FEATURE), row="bucket", column="shares", bars=True),
            "bin"),
        tables.ordered(panels.matrix(
            "$feature: live minus reference",
            about("What each bin has more (to the right) or less than in the reference.",
                  "From top to bottom are small to large values: less above and more below is a "
                  "shift to larger ones.", "InferenceFeatureDrift"),
            "percentunit", _differences("feature", FEATURE), row="bucket", column="version",
            bars=True), "bin"),
        panels.lines(
            "$feature: PSI",
            about("PSI by version, with what noise alone reaches and the threshold.",
                  "An alert needs both lines crossed. Noise falls as rows grow.",
                  "InferenceFeatureDrift"),
            "none",
            Query(f"max by (version) ({_distance('feature', 'psi', FEATURE)})", "{{version}}"),
            Query(f"max by (version) ({of(names.critical('feature', 'psi', WINDOW), FEATURE)})",
                  "reference noise {{version}}"),
            Query(f"max({limit})", "limit threshold"), width=8),
        panels.lines(
            "$feature: higher in so many of 100 pairs",
            about("Of a live and a reference value, how often the live one is the higher; ties "
                  "half.", "50 is no direction, above the values went up. Absent for categories."),
            "none",
            Query(f"100 * max by (version) ({higher})", "{{version}}"),
            Query("vector(50)", "reference no direction"), width=8, zero=False),
        panels.lines(
            "$feature: rows in the window",
            about("Rows behind the distances, all replicas together.",
                  "Few rows, high noise level; below 200 nothing is computed."),
            "short",
            Query(f"sum by (version) ({of(names.rows('feature', WINDOW), FEATURE)})",
                  "{{version}}"), width=8),
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
            "percentunit",
            Query(f"avg by (bucket) (\n{_named(_live('feature', FEATURE))}\n)", "{{bucket}}"),
            stacked=True, many=True),
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
        tables.ordered(panels.matrix(
            "Predictions: live against reference",
            about("Share of each predicted class or range, by version, beside the reference.",
                  "More positives than before although nothing happened outside?",
                  "InferenceOutputDrift"),
            "percentunit", _bars("output", VERSION + ', output="prediction"'),
            row="bucket", column="shares", bars=True), "bin"),
    )  # fmt: skip
