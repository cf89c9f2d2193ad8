"""PromQL that several pages ask, and what they compare with."""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board.parts import Annotation

# Pages write this; it stands for all labels that tell deployments apart, see `whole`.
_JOB = 'job=~"$job"'
RATE = "[$__rate_interval]"
WINDOW = "${window}"
DURATION = "inference_request_duration_seconds"
FLEET = 'job=~"$job", model=~"$model"'
MODEL = 'job=~"$job", model="$model"'
VERSION = MODEL + ', version=~"$version"'
FEATURE = VERSION + ', feature="$feature"'
# Alerts about the models and, where a page is of all, about the exporters themselves.
HERE = 'job=~"$job", model=~"$model|"'
ALERTS = 'alertname=~"Inference.+", alertname!="InferenceWatchdog", alertstate="firing"'

# A distance over its noise level: 1 is what chance alone reaches as often as was asked for.
NOISE_STEPS = ((1.0, "red"),)


def of(metric: str, selector: str, more: str = "") -> str:
    """A selector on a metric.

    >>> of("m", 'job="x"', 'le="+Inf"')
    'm{job="x", le="+Inf"}'
    """
    return f"{metric}{{{selector}{', ' if more else ''}{more}}}"


def whole(expr: str) -> str:
    """The query with all labels that tell deployments apart where a page names the job.

    >>> whole('m{job=~"$job", model="a"}')
    'm{cluster=~"$cluster", namespace=~"$namespace", job=~"$job", model="a"}'
    """
    return expr.replace(_JOB, ", ".join(f'{one}=~"${one}"' for one in names.kept()))


def rate(metric: str, selector: str, *labels: str, more: str = "") -> str:
    """Events a second by these labels, all replicas together; models of deployments apart."""
    by = f" by ({_told_apart(*labels)})" if labels else ""
    return f"sum{by} (rate({of(metric, selector, more)}{RATE}))"


def _told_apart(*labels: str) -> str:
    """Labels of a sum; where one is the model, what tells deployments apart is kept too."""
    more = names.kept() if "model" in labels else ()
    return ", ".join(dict.fromkeys((*more, *labels)))


def share(part: str, whole: str) -> str:
    """A share; absent where there is nothing to have a share of."""
    return f"{part}\n/ ({whole} > 0)"


def quantile(
    q: float, selector: str, *labels: str, metric: str = DURATION, exemplar: bool = False
) -> str:
    """A latency quantile of the fleet; absent, and not NaN, where there is no traffic.

    Of native histograms where Prometheus scrapes them, else of buckets.
    """
    native = rate(metric, selector, *labels)
    classic = (
        f"sum by ({_told_apart('le', *labels)}) ({_a_minute(selector)})"
        if metric == DURATION
        else rate(f"{metric}_bucket", selector, "le", *labels)
    )
    found = " >= 0\nor ".join(f"histogram_quantile({q:g}, {one})" for one in (native, classic))
    return f"{found} >= 0{_with_exemplars(selector) if exemplar else ''}"


def spread(selector: str) -> str:
    """Requests by bucket of the latency: as native histograms, else a minute in buckets."""
    native = f"sum (increase({of(DURATION, selector)}{RATE}))"
    classic = f"sum by (le) ({_a_minute(selector)})"
    return f"{native}\nor ({classic} unless on () {native}){_with_exemplars(selector)}"


def _a_minute(selector: str) -> str:
    """Requests a minute by bucket, of all replicas: what the rules have added up."""
    recorded = "model_version_le:inference_request_duration_seconds_bucket:increase1m"
    return f"avg_over_time({of(recorded, selector)}{RATE})"


def _with_exemplars(selector: str) -> str:
    """Of 1970 there are no values; but exemplars are looked up by the series that are named."""
    return f"\nor sum({of(f'{DURATION}_bucket', selector)} @ 0)"


def over_noise(scope: str, selector: str) -> str:
    """PSI over the value that noise alone reaches."""
    psi, critical = (
        of(kind(scope, "psi", WINDOW), selector) for kind in (names.distance, names.critical)
    )
    return f"{psi} / ({critical} > 0)"


def drifted(selector: str) -> str:
    """The inputs that have drifted, by the recorded state that InferenceFeatureDrift goes by."""
    return f"({of(names.state('feature'), selector)} == 1)"


def called(*labels: str) -> str:
    """The legend of a model's line: these labels, its namespace and cluster if it has any."""
    return " ".join(f"{{{{{one}}}}}" for one in (*labels, *reversed(names.kept())) if one != "job")


def threshold(name: str, selector: str) -> str:
    """A threshold of the configuration."""
    more = f'name="{name}", feature=""'
    return f"max by ({names.by('model')}) ({of('inference_threshold', selector, more)})"


def single(expr: str) -> str:
    """The one series of these, and nothing if there are several: a band is drawn of one only."""
    return f"({expr})\nand on () count({expr}) == 1"


def worst(selector: str, most: int, at: str = "", *, each: int = 0) -> str:
    """The inputs that are drifted, and those with the largest PSI in units of their limit.

    Of many models so many of `each` at most, so that one of them does not hide the others.
    """
    by = names.by("model", "feature")
    state = f"1000 + 0 * ({of(names.state('feature'), selector)}{at} == 1)"
    ranked = f"max by ({by}) ({state} or {over_limit(selector, at)})"
    if each:
        ranked = f"topk by ({names.by('model')}) ({each}, {ranked})"
    return f"topk({most}, {ranked})"


def over_limit(selector: str, at: str = "") -> str:
    """PSI of the inputs over their threshold; `at` is PromQL's modifier of a time."""
    psi = of(names.distance("feature", "psi", WINDOW), selector) + at
    limit = names.feature_threshold("feature_psi") + at
    return f"{psi} / on ({names.by('model', 'feature')}) group_left () {limit}"


def input_states(selector: str, *, each: int = 0) -> str:
    """Of each input over time: 2 where it has drifted, 1 where it moved beyond noise, 0 else."""
    by = names.by("model", "feature")
    known = input_state(selector, by)
    return f"{known}\nand on ({by})\n{worst(selector, 8, ' @ end()', each=each)}"


def input_state(selector: str, by: str) -> str:
    """The same of all inputs, at one time."""
    psi = of(names.distance("feature", "psi", WINDOW), selector)
    moved = f"({over_noise('feature', selector)} > 1)"
    return f"max by ({by}) (2 + 0 * {drifted(selector)} or 1 + 0 * {moved} or 0 * {psi})"


INPUT_STATES = ((0, "as usual", "green"), (1, "moved", "yellow"), (2, "drifted", "red"))


def moved_columns(by: str, selector: str) -> tuple[tuple[str, str, str], ...]:
    """Columns of tables of inputs: how far, how large that is, and which way."""

    def column(expr: str) -> str:
        return f"max by ({by}) ({expr})"

    psi = of(names.distance("feature", "psi", WINDOW), selector)
    limit = names.feature_threshold("feature_psi")
    joined = f"0 * {psi} + on ({names.by('model', 'feature')}) group_left () {limit}"
    noise = of(names.critical("feature", "psi", WINDOW), selector)
    return (
        ("Times its limit", column(over_limit(selector)), "none"),
        ("PSI", column(psi), "none"),
        ("Limit", column(joined), "none"),
        ("Noise", column(noise), "none"),
        ("Higher of 100", f"100 * {column(of(names.higher('feature', WINDOW), selector))}",
         "short"),
        ("Importance", column(of("inference_feature_importance_ratio", selector)), "percentunit"),
    )  # fmt: skip


def firing(selector: str) -> Annotation:
    """Where an alert begins to fire: spans of many would cover what is drawn below them."""
    fires, of_an = of("ALERTS", ALERTS, selector), names.by("alertname", "severity", "model")
    return Annotation(
        "Alerts begin",
        f"group by ({of_an}) ({fires})\nunless group by ({of_an}) ({fires} offset 1m)",
        "{{alertname}}", "{{severity}} {{model}}", "red",
    )  # fmt: skip


def new_versions(selector: str) -> Annotation:
    """The first five minutes of a model's version."""
    seen, of_a = of("inference_model_info", selector), names.by("model", "version")
    return Annotation(
        "New versions",
        f"count by ({of_a}) ({seen})\nunless count by ({of_a}) ({seen} offset 5m)",
        "{{model}} {{version}}", "First seen in the prediction log", "blue",
    )  # fmt: skip
