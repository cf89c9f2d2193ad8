"""Recording rules over requests and values: error budgets, latency, quality of inputs."""

from __future__ import annotations

from collections.abc import Iterator

from alert_rules.ruleset import names
from alert_rules.ruleset.bins import level_one, over
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Group, Recording
from alert_rules.ruleset.settings import Settings

_BUCKETS = "model_version_le:inference_request_duration_seconds_bucket"
_NATIVE = "inference_request_duration_seconds"
# How often a window is looked at to see what native histograms grew by: Prometheus 2.42 can neither
# record them nor add them up over time. What a replica counts between the last look and its
# restart is missing.
_LOOKS = {"1h": "1m", "6h": "5m", "1d": "15m", "7d": "2h"}
_FLAWS = ("missing", "invalid", "out_of_range")


def first_level(settings: Settings) -> tuple[Recording, ...]:
    """Requests and flawed values a minute."""
    bucket = "inference_request_duration_seconds_bucket"
    return (
        level_one(settings, "model", "inference_requests_total", "model"),
        level_one(settings, "model", "inference_request_failures_total", "model"),
        level_one(settings, "model", "inference_requests_slow_total", "model"),
        level_one(settings, "model_version", "inference_requests_total", *M),
        level_one(settings, "model_version_le", bucket, *M, "le"),
        *(
            level_one(settings, "model_version_feature", f"inference_feature_{flaw}_total",
                      *M, "feature")
            for flaw in _FLAWS
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
    yield Recording(
        f"model_version:inference_requests:increase{window}",
        over(settings, "model_version:inference_requests", window),
    )
    yield Recording(f"{_BUCKETS}:increase{window}", over(settings, _BUCKETS, window))
    for quantile, text in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
        yield Recording(
            f"model_version:inference_request_duration_seconds:{text}_{window}",
            f"{_native(settings, quantile, window)}\nor\n{_classic(quantile, window)}",
        )
    yield from _quality(settings, window)


def _native(settings: Settings, quantile: float, window: str) -> str:
    span, step = settings.span(window), settings.span(_LOOKS[window])
    # Requests instead of `histogram_count`: half the work, and before 2.40 that is no function.
    return (
        f"histogram_quantile({quantile}, sum by ({by(*M)}) (increase({_NATIVE}[{span}:{step}])))\n"
        f"and model_version:inference_requests:increase{window} >= {names.LEAST_ROWS}"
    )


def _classic(quantile: float, window: str) -> str:
    counts = f"{_BUCKETS}:increase{window}"
    return (
        f"histogram_quantile({quantile}, {counts})\n"
        f'and ignoring (le) {counts}{{le="+Inf"}} >= {names.LEAST_ROWS}'
    )


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
