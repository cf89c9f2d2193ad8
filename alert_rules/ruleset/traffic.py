"""Recording rules over requests and values: error budgets, latency, quality of inputs."""

from __future__ import annotations

from collections.abc import Iterator

from alert_rules.ruleset import names
from alert_rules.ruleset.bins import level_one, over
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Group, Recording
from alert_rules.ruleset.settings import Settings

_BUCKETS = "model_version_le:inference_request_duration_seconds_bucket"
_OBJECTIVE = "model_le:inference_request_duration_objective:info"
_FLAWS = ("missing", "invalid", "out_of_range")


def first_level(settings: Settings) -> tuple[Recording, ...]:
    """Requests and flawed values a minute."""
    bucket = "inference_request_duration_seconds_bucket"
    objective = f'count_values by ({by("model")}) ("le", {{}})'
    return (
        level_one(settings, "model", "inference_requests_total", "model"),
        level_one(settings, "model", "inference_request_failures_total", "model"),
        level_one(settings, "model_version", "inference_requests_total", *M),
        level_one(settings, "model_version_le", bucket, *M, "le"),
        *(
            level_one(settings, "model_version_feature", f"inference_feature_{flaw}_total",
                      *M, "feature")
            for flaw in _FLAWS
        ),
        # A value becomes a label: 0.25 is le="0.25". Whole numbers are written 1.0 in `le`.
        Recording(
            _OBJECTIVE,
            "label_replace(\n  "
            + objective.format(names.threshold("request_duration_seconds"))
            + ',\n  "le", "$1.0", "le", "([0-9]+)")',
        ),
        Recording(
            "model:inference_requests_slow:increase1m",
            f'clamp_min(sum by ({by("model")}) ({_BUCKETS}:increase1m{{le="+Inf"}})\n'
            f"  - sum by ({by('model')}) ({_BUCKETS}:increase1m"
            f" and on ({by('model', 'le')}) {_OBJECTIVE}), 0)",
        ),
    )  # fmt: skip


def budgets(settings: Settings) -> Group:
    """Shares of failed and of slow requests in the windows of the SRE workbook."""
    rules: list[Recording] = []
    for window in names.SLO_WINDOWS:
        for what in ("requests", "request_failures", "requests_slow"):
            series = f"model:inference_{what}"
            rules.append(Recording(f"{series}:increase{window}", over(settings, series, window)))
        rows = f"(model:inference_requests:increase{window} > 0)"
        for what in ("request_failures", "requests_slow"):
            name = f"model:inference_{what}"
            rules.append(Recording(f"{name}:ratio{window}", f"{name}:increase{window} / {rows}"))
    return Group("inference-budgets", settings.every("1m"), tuple(rules))


def windowed(settings: Settings, window: str) -> Iterator[Recording]:
    """Latency and input quality over one window."""
    yield Recording(f"{_BUCKETS}:increase{window}", over(settings, _BUCKETS, window))
    for quantile, text in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
        yield Recording(
            f"model_version:inference_request_duration_seconds:{text}_{window}",
            f"histogram_quantile({quantile}, {_BUCKETS}:increase{window})\n"
            f'and ignoring (le) {_BUCKETS}:increase{window}{{le="+Inf"}} >= {names.LEAST_ROWS}',
        )
    yield Recording(
        f"model_version:inference_requests:increase{window}",
        over(settings, "model_version:inference_requests", window),
    )
    yield from _quality(settings, window)


def _quality(settings: Settings, window: str) -> Iterator[Recording]:
    def of(flaw: str) -> str:
        return f"model_version_feature:inference_feature_{flaw}:increase{window}"

    labels = by(*M, "feature")
    usable = f"sum by ({labels}) ({names.rows('feature', window)})"
    for flaw in _FLAWS:
        series = f"model_version_feature:inference_feature_{flaw}"
        yield Recording(of(flaw), over(settings, series, window))
    yield Recording(of("values"), f"{usable} + {of('missing')} + {of('invalid')}")
    for flaw in ("missing", "invalid"):
        yield Recording(
            names.share(flaw, window), f"{of(flaw)} / ({of('values')} >= {names.LEAST_ROWS})"
        )
    enough = f"({usable} >= {names.LEAST_ROWS})"
    yield Recording(names.share("out_of_range", window), f"{of('out_of_range')} / {enough}")
    unseen = f'sum by ({labels}) ({names.bin_counts("feature", window)}{{bin="unseen"}})'
    yield Recording(names.share("unseen", window), f"{unseen} / {enough}")
