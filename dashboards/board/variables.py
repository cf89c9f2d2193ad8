"""Variables: chained, read anew with the time range, all of them from this exporter's metrics.

A variable of several values is used as `label=~"$name"`, one of a single value as `label="$name"`.
"""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.names import WINDOWS, kept
from dashboards.board.parts import Json
from dashboards.board.promql import whole

PROMETHEUS = {"type": "prometheus", "uid": "${prometheus_datasource}"}
LOKI = {"type": "loki", "uid": "${loki_datasource}"}
_AT_TIME_RANGE = 2


def everywhere() -> tuple[Json, ...]:
    """What every page begins with: where to ask, and about which deployments."""
    return (*datasources(), *deployments())


def datasources() -> tuple[Json, ...]:
    """Which Prometheus, and which Loki for the logs, if there is one."""
    return (
        _datasource("prometheus_datasource", "Prometheus data source", "prometheus"),
        _datasource("loki_datasource", "Loki data source", "loki"),
    )


def _datasource(name: str, label: str, kind: str) -> Json:
    return {
        "type": "datasource", "name": name, "label": label, "query": kind, "regex": "",
        "hide": 0, "multi": False, "includeAll": False, "refresh": 1, "options": [], "current": {},
        "skipUrlSync": False,
    }  # fmt: skip


def several(name: str, metric: str, label: str | None = None) -> Json:
    """Any number of values of a label; all of them at first."""
    everything = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return _query(name, metric, label or name) | {
        "multi": True, "includeAll": True, "allValue": ".+", "current": everything,
    }  # fmt: skip


def single(name: str, metric: str, label: str | None = None) -> Json:
    """One value of a label; the first at first."""
    return _query(name, metric, label or name) | {"multi": False, "includeAll": False}


def _query(name: str, metric: str, label: str) -> Json:
    text = f"label_values({whole(metric)}, {label})"
    return {
        "type": "query", "name": name, "label": name.capitalize(), "datasource": PROMETHEUS,
        "definition": text, "query": {"query": text, "refId": f"variable-{name}"},
        "refresh": _AT_TIME_RANGE, "sort": 1, "regex": "", "hide": 0, "options": [], "current": {},
        "skipUrlSync": False,
    }  # fmt: skip


def window() -> Json:
    """The span that recorded values cover."""
    options = [{"selected": one == WINDOWS[0], "text": one, "value": one} for one in WINDOWS]
    return {
        "type": "custom", "name": "window", "label": "Window", "query": ",".join(WINDOWS),
        "options": options, "current": options[0], "hide": 0, "multi": False, "includeAll": False,
        "skipUrlSync": False,
    }  # fmt: skip


def deployments() -> tuple[Json, ...]:
    """What tells deployments apart, each offered of what is chosen before it; all of them at first.

    All of a label that targets need not have are `.*`: that matches where there is none.
    """
    chosen: list[str] = []
    found = []
    for label in kept():
        selector = f"{{{', '.join(chosen)}}}" if chosen else ""
        everything = ".+" if label == "job" else ".*"
        found.append(several(label, f"inference_model_info{selector}") | {"allValue": everything})
        chosen.append(f'{label}=~"${label}"')
    return tuple(found)


def models() -> Json:
    """Any number of models."""
    return several("model", 'inference_model_info{job=~"$job"}')


def model() -> Json:
    """One model."""
    return single("model", 'inference_model_info{job=~"$job"}')


def versions() -> Json:
    """Any number of versions of the model."""
    return several("version", 'inference_model_info{job=~"$job", model="$model"}')


def feature() -> Json:
    """One input of the model: those that moved most are offered first, so one of them at first."""
    one = 'job=~"$job", model="$model"'
    moved = f"max by (feature) ({names.distance('feature', 'psi', names.WINDOWS[0])}{{{one}}})"
    known = f"0 * max by (feature) (inference_feature_reference_samples{{{one}}})"
    text = f"query_result({whole(f'sort_desc({moved} or {known})')})"
    return single("feature", "") | {
        "definition": text, "query": {"query": text, "refId": "variable-feature"}, "sort": 0,
        "regex": '/feature="([^"]+)"/',
    }  # fmt: skip


def features() -> Json:
    """Any number of inputs of the models."""
    return several("feature", 'inference_feature_missing_total{job=~"$job", model=~"$model"}')
