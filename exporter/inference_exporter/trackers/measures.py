"""An exporter's metrics page as named values: one set for each model and version."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

# Families of the page, and how a value of theirs is called.
NAMES: Mapping[str, str] = {
    "inference_feature_drift": "drift/{window}/{statistic}/{feature}",
    "inference_feature_drift_critical": "drift_critical/{window}/{statistic}/{feature}",
    "inference_feature_drift_state": "drift_state/{window}/{feature}",
    "inference_output_drift": "output_drift/{window}/{statistic}/{output}",
    "inference_output_drift_critical": "output_drift_critical/{window}/{statistic}/{output}",
    "inference_output_drift_state": "output_drift_state/{window}/{output}",
    "inference_multivariate_drift": "multivariate_drift/{window}/{statistic}",
    "inference_drifted_features": "drifted_features/{window}",
    "inference_performance": "performance/{window}/{metric}/{class}",
    "inference_performance_lower": "performance_lower/{window}/{metric}/{class}",
    "inference_performance_upper": "performance_upper/{window}/{metric}/{class}",
    "inference_performance_samples": "labelled_predictions/{window}",
    "inference_performance_estimate": "performance_estimate/{window}/{metric}",
    "inference_performance_estimate_lower": "performance_estimate_lower/{window}/{metric}",
    "inference_performance_estimate_upper": "performance_estimate_upper/{window}/{metric}",
    "inference_performance_reference": "performance_reference/{metric}/{class}",
    "inference_label_coverage_ratio": "label_coverage/{window}",
}
STATISTICS = ("psi",)  # distances that are written unless others are asked for
_INFO = "inference_model_info"
_REFUSED = re.compile(r"[^\w./ -]", re.ASCII)
_LENGTH = 250  # characters of a name: MLflow takes no more


@dataclass(frozen=True, slots=True)
class Measured:
    """What a page says of one version of a model; `uri` is where that is from, if it is known."""

    model: str
    version: str
    uri: str = ""
    values: Mapping[str, float] = field(default_factory=dict)


def measured(
    page: str, *, models: Collection[str] = (), statistics: Collection[str] = STATISTICS
) -> list[Measured]:
    """The values of all versions on a page in Prometheus' text format, the models in its order.

    Parameters
    ----------
    page
        Its text.
    models
        Only these; empty: all.
    statistics
        The distances of inputs and outputs that are wanted.

    Raises
    ------
    ValueError
        The page is in no text format.
    """
    uris: dict[tuple[str, str], str] = {}
    values: dict[tuple[str, str], dict[str, float]] = {}
    for name, labels, value in _samples(page):
        version = labels.get("model", ""), labels.get("version", "")
        if models and version[0] not in models:
            continue
        if name == _INFO:
            uris[version] = labels.get("model_uri", "")
        elif math.isfinite(value) and _wanted(labels, statistics):
            values.setdefault(version, {}).setdefault(_called(NAMES[name], labels), value)
    return [Measured(*one, uri, values.get(one, {})) for one, uri in uris.items()]


def _samples(page: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    for family in text_string_to_metric_families(page):
        if family.name in NAMES or family.name == _INFO:
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value


def _wanted(labels: Mapping[str, str], statistics: Collection[str]) -> bool:
    if "segment" in labels:
        return False
    chosen = "statistic" in labels and ("feature" in labels or "output" in labels)
    return not chosen or labels["statistic"] in statistics


def _called(pattern: str, labels: Mapping[str, str]) -> str:
    """The name of a value: of characters that every tracker takes.

    >>> _called("drift/{window}/{feature}", {"window": "1h", "feature": "age (years)"})
    'drift/1h/age _years_'
    >>> _called("performance/{window}/{class}", {"window": "1h", "class": ""})
    'performance/1h'
    """
    parts = {name: value.replace("/", "_") for name, value in labels.items()}
    return _REFUSED.sub("_", pattern.format_map(parts)).rstrip("/")[:_LENGTH]
