"""The exporter cannot do its work: what the other alerts say or do not say is not to be trusted."""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts.text import DURATION, MODEL, PERCENT, VALUE
from alert_rules.ruleset.names import by
from alert_rules.ruleset.rules import Alert, Severity
from alert_rules.ruleset.settings import Settings

_ME = "inference_exporter_"
_WHERE = "{{ $labels.instance }}"
_SOURCE = "{{ $labels.source }} on {{ $labels.instance }}"


def alerts(settings: Settings) -> tuple[Alert, ...]:
    """From dead to inexact."""
    return (*_alive(settings), *_reading(settings), *_state(settings), _watchdog())


def _alert(
    name: str, expr: str, summary: str, description: str, pending: str,
    severity: Severity = "warning", keep: str = "",
) -> Alert:  # fmt: skip
    return Alert(
        name, expr, severity, "exporter", summary, description,
        "/d/inference-exporter?var-instance={{ $labels.instance }}", pending=pending, keep=keep,
        about="instance",
    )  # fmt: skip


def _alive(settings: Settings) -> tuple[Alert, ...]:
    day, hour = settings.span("1d"), settings.span("1h")
    model = by("model")
    return (
        Alert(
            "InferenceMonitoringLost",
            f"group by ({model}) (last_over_time(inference_model_info[{hour}]))\n"
            f"unless group by ({model}) (inference_model_info)",
            "critical",
            "exporter",
            f"{MODEL}: no exporter reports about it any more",
            "Within the last hour an exporter of job {{ $labels.job }} reported about it; "
            "now none does. Nobody would notice if the model failed. If the model was "
            "retired, this ends within the hour.",
            "/d/inference-exporter?var-model={{ $labels.model }}",
            pending="10m",
        ),
        _alert(
            "InferenceExporterDown",
            f"up == 0\nand on ({by('instance')}) last_over_time({_ME}build_info[{day}])",
            f"Exporter {_WHERE} does not answer",
            f"Prometheus has not been able to scrape {_WHERE} for 10 minutes. Its replica's "
            "predictions are not counted until it is back; then they are read from the log.",
            "10m",
        ),
        _alert(
            "InferenceConfigReloadFailed",
            f"{_ME}config_last_reload_successful == 0",
            f"{_WHERE}: the configuration file is wrong",
            "The last reload failed and the old configuration is in force. A restart would fail.",
            "5m",
        ),
        _alert(
            "InferenceStatisticFailing",
            f"increase({_ME}statistic_failures_total[{hour}]) > 0",
            f"{_WHERE}: statistic {{{{ $labels.statistic }}}} fails",
            f"It raised an error about {VALUE} times in the last hour; its values are missing.",
            "15m",
        ),
    )


_BAD = 'result=~"malformed|unmatched|too_long"'  # others are as they should be


def _reading(settings: Settings) -> tuple[Alert, ...]:
    quarter, hour = settings.span("15m"), settings.span("1h")
    source = by("instance", "source")
    lines = f"{_ME}lines_total"
    bad = f"sum by ({source}) (increase({lines}{{{_BAD}}}[{hour}]))"
    read = f"sum by ({source}) (increase({lines}[{hour}]))"
    return (
        _alert(
            "InferenceSourceDown",
            f"{_ME}source_up == 0",
            f"{_SOURCE}: no log to read",
            "No file matches the configured logs, or none can be opened: the predictions of this "
            "replica are not seen.",
            "10m",
        ),
        _alert(
            "InferenceFilesUnreadable",
            f"{_ME}files_unreadable > 0",
            f"{_SOURCE}: {VALUE} files cannot be read",
            "They exist but cannot be opened, most often for lack of a permission.",
            "10m",
        ),
        _alert(
            "InferenceLogLag",
            f"{_ME}lag_seconds\n> on ({by('source')}) group_left ()\n"
            f"  {_as_source(names.threshold('lag_seconds'))}\n"
            f"and on ({source}) rate({_ME}bytes_read_total[{quarter}]) > 0",
            f"{_SOURCE}: reading is {DURATION} behind",
            f"The newest line was {DURATION} old when it was read. Windows and alerts are late by "
            "as much.",
            "15m",
        ),
        _alert(
            "InferenceLinesUnreadable",
            f"{bad} / ({read} >= 100)\n> on ({by('source')}) group_left ()\n"
            f"  {_as_source(names.threshold('unreadable_line_ratio'))}",
            f"{_SOURCE}: {PERCENT} of lines are not understood",
            "They are not counted as predictions. Usually the format of the log has changed with a "
            "deployment; the exporter logs one of them a minute, its values blackened.",
            "10m",
            keep="15m",
        ),
        _alert(
            "InferenceLinesLost",
            f"increase({_ME}partial_lines_dropped_total[{hour}])\n"
            f"+ increase({_ME}rotate_grace_expired_total[{hour}])\n"
            f"+ increase({_ME}lines_too_long_total[{hour}]) > 0",
            f"{_SOURCE}: lines are lost",
            f"About {VALUE} times in the last hour a line was cut off by truncation, was too long, "
            "or a rotated file was given up while it was still written to.",
            "0m",
        ),
    )


def _state(settings: Settings) -> tuple[Alert, ...]:
    hour = settings.span("1h")
    return (
        _alert(
            "InferenceStateNotPersistent",
            f"{_ME}state_persistent == 0",
            f"{_WHERE}: counts are not on disk",
            "The last commits did not reach the disk. Counting goes on in memory; a restart now "
            "would lose what was counted since.",
            "5m",
        ),
        _alert(
            "InferenceStateLost",
            f"increase({_ME}state_load_errors_total[{hour}]) > 0",
            f"{_WHERE}: started without its state",
            "The state could not be used at the last start and was moved aside: counters began "
            "anew, and windows are shorter until they have filled.",
            "0m",
            "info",
        ),
        _alert(
            "InferenceSeriesOverflow",
            f"increase({_ME}series_dropped_total[{hour}]) > 0",
            f"{_WHERE}: a label has too many values ({{{{ $labels.family }}}})",
            f"About {VALUE} values of the last hour are counted under __overflow__, because a "
            "label of {{ $labels.family }} has reached its limit.",
            "15m",
        ),
    )


def _watchdog() -> Alert:
    return Alert(
        "InferenceWatchdog",
        "vector(1)",
        "none",
        "exporter",
        "Alerting works",
        "Always fires, so that its absence can be noticed: route it to a dead man's switch.",
        "/d/inference-exporter",
        about="",
    )


def _as_source(expression: str) -> str:
    """A model's threshold under its source's name: sources are called like their models."""
    return f'label_replace({expression}, "source", "$1", "model", "(.*)")'
