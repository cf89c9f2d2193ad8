"""PromQL that several pages ask, and what they compare with."""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board.parts import Annotation

RATE = "[$__rate_interval]"
WINDOW = "${window}"
FLEET = 'job=~"$job", model=~"$model"'
MODEL = 'job=~"$job", model="$model"'
VERSION = MODEL + ', version=~"$version"'
FEATURE = VERSION + ', feature="$feature"'
ALERTS = 'alertname=~"Inference.+", alertname!="InferenceWatchdog", alertstate="firing"'

# A distance over its noise level: 1 is what chance alone reaches as often as was asked for.
NOISE_STEPS = ((1.0, "red"),)


def of(metric: str, selector: str, more: str = "") -> str:
    """A selector on a metric.

    >>> of("m", 'job="x"', 'le="+Inf"')
    'm{job="x", le="+Inf"}'
    """
    return f"{metric}{{{selector}{', ' if more else ''}{more}}}"


def rate(metric: str, selector: str, *labels: str, more: str = "") -> str:
    """Events a second by these labels, all replicas together."""
    by = f" by ({', '.join(labels)})" if labels else ""
    return f"sum{by} (rate({of(metric, selector, more)}{RATE}))"


def share(part: str, whole: str) -> str:
    """A share; absent where there is nothing to have a share of."""
    return f"{part}\n/ ({whole} > 0)"


def quantile(q: float, selector: str, *labels: str, metric: str = "") -> str:
    """A latency quantile of the fleet."""
    bucket = f"{metric or 'inference_request_duration_seconds'}_bucket"
    return f"histogram_quantile({q:g}, {rate(bucket, selector, 'le', *labels)})"


def over_noise(scope: str, selector: str) -> str:
    """PSI over the value that noise alone reaches."""
    psi, critical = (
        of(kind(scope, "psi", WINDOW), selector) for kind in (names.distance, names.critical)
    )
    return f"{psi} / ({critical} > 0)"


def drifted(selector: str) -> str:
    """The inputs that have drifted, by the recorded state that InferenceFeatureDrift goes by."""
    return f"({of(names.state('feature'), selector)} == 1)"


def threshold(name: str, selector: str) -> str:
    """A threshold of the configuration."""
    more = f'name="{name}", feature=""'
    return f"max by (model) ({of('inference_threshold', selector, more)})"


def firing(selector: str) -> Annotation:
    """Alerts while they fire."""
    return Annotation(
        "Firing alerts", f"{of('ALERTS', ALERTS, selector)}", "{{alertname}}",
        "{{severity}} {{model}} {{feature}} {{instance}}", "red",
    )  # fmt: skip


def new_versions(selector: str) -> Annotation:
    """The first five minutes of a model's version."""
    seen = of("inference_model_info", selector)
    return Annotation(
        "New versions",
        f"count by (model, version) ({seen})\nunless count by (model, version) ({seen} offset 5m)",
        "{{model}} {{version}}", "First seen in the prediction log", "blue",
    )  # fmt: skip
